"""The artefact at work: manifest, tokenizer, session, scorer."""
