"""Offline half of Flashwire: data, training, export, quantization, calibration and evaluation.

The engine never imports this package. What passes between them is the artefact
under ``models/artifacts/<profile>/``: an ONNX file, a tokenizer and a manifest.
"""
