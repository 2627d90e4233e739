"""Fine-tuning on CPU: multi-task, masked where a row lacks a label, resumable at any step."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
import transformers
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from models.batches import batches, target_columns
from models.data import Row
from models.encoder import load_tokenizer
from models.errors import RunError
from models.guidance import Guidance
from models.losses import Batch, loss_of
from models.network import NewsModel, new_model
from models.profile import Profile

RECORD = "run.json"
_SAVE_EVERY = 200  # steps; at most this much work is lost to an interruption


class Run:
    """One training run: model, optimizer and position, saved under ``folder`` so that it can go on."""

    def __init__(self, profile: Profile, rows: list[Row], folder: Path, guidance: Guidance | None = None) -> None:
        self.profile, self.training, self.folder, self.guidance = profile, profile.training, folder, guidance
        torch.manual_seed(self.training.seed)
        np.random.seed(self.training.seed)
        widths = {output: len(labels) for output, labels in profile.outputs().items()}
        self.model = new_model(profile.encoder, widths, profile.embedding.width if profile.embedding else 0)
        if guidance is not None and guidance.basis is not None and self.model.projection is not None:
            self.model.projection.weight.data = torch.from_numpy(guidance.basis)
        self.ids = [e.ids for e in load_tokenizer(profile).encode_batch_fast([row.text for row in rows])]
        self.columns = target_columns(rows, profile)
        self.per_epoch = math.ceil(len(rows) / self.training.batch_size)
        self.steps = self.per_epoch * self.training.epochs
        encoder = list(self.model.encoder.parameters())
        heads = [value for name, value in self.model.named_parameters() if not name.startswith("encoder.")]
        groups = [
            {"params": encoder, "lr": self.training.learning_rate},
            {"params": heads, "lr": self.training.head_learning_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=self.training.weight_decay, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.step, self.seconds = 0, 0.0

    @property
    def finished(self) -> bool:
        """Whether the last step has been taken."""
        return self.step >= self.steps

    def train(self) -> NewsModel:
        """Train to the end, from wherever the folder's checkpoint stands; returns the model in eval mode.

        Raises:
            RunError: the folder's checkpoint belongs to another run.
        """
        self.resume()
        if not self.finished:
            self._go_on()
            (self.folder / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(self._record())))
        self.model.eval()
        return self.model

    def _go_on(self) -> None:
        columns = (TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn()) as progress:
            task = progress.add_task("training", total=self.steps, completed=self.step)
            started, before = time.monotonic(), self.seconds
            for batch in self._remaining():
                loss = self._update(batch)
                self.step += 1
                self.seconds = before + time.monotonic() - started
                if self.step % 20 == 0:
                    epoch = (self.step - 1) // self.per_epoch + 1
                    says = f"epoch {epoch}/{self.training.epochs} loss {loss:.3f}"
                    progress.update(task, completed=self.step, description=says)
                if self.step % _SAVE_EVERY == 0 or self.finished:
                    self._save()

    def _record(self) -> dict[str, object]:
        """What the manifest says about this run."""
        versions = {"python": platform.python_version(), "torch": str(torch.__version__)}
        return {
            "steps": self.steps,
            "rows": len(self.ids),
            "seconds": round(self.seconds),
            "threads": torch.get_num_threads(),
            "versions": versions | {"transformers": transformers.__version__},
        }

    def _remaining(self) -> Iterator[Batch]:
        lengths = [len(ids) for ids in self.ids]
        for epoch in range(self.step // self.per_epoch, self.training.epochs):
            done = max(0, self.step - epoch * self.per_epoch)
            numbers = list(batches(lengths, self.training.batch_size, self.training.seed + epoch))
            for chosen in numbers[done:]:
                targets = {name: [column[n] for n in chosen] for name, column in self.columns.items()}
                yield Batch([self.ids[n] for n in chosen], targets, *self._guided(chosen))

    def _guided(self, chosen: list[int]) -> Iterator[torch.Tensor | None]:
        for table in (self.guidance.opinion, self.guidance.vectors) if self.guidance is not None else ():
            yield None if table is None else torch.from_numpy(table[chosen]).float()

    def _update(self, batch: Batch) -> float:
        self.model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = self.model(batch.input_ids, batch.attention_mask)
        loss = loss_of(found, batch, self.profile)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())

    def _rate(self, step: int) -> float:
        """Linear warm-up, then linear decay to zero."""
        warm = max(1, int(self.steps * self.training.warmup))
        return step / warm if step < warm else max(0.0, (self.steps - step) / max(1, self.steps - warm))

    def _save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "steps": self.steps,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "torch": torch.get_rng_state(),
        }
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").replace(self.folder / "checkpoint.pt")

    def resume(self) -> None:
        """Take over the folder's checkpoint, if there is one.

        Raises:
            RunError: it belongs to another run.
        """
        path = self.folder / "checkpoint.pt"
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True)
        if state["steps"] != self.steps:
            steps = f"{state['steps']} steps, now {self.steps}"
            raise RunError(f"{path}: belongs to another run ({steps}); delete it or give another --run")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["torch"])
        self.step, self.seconds = state["step"], state.get("seconds", 0.0)
