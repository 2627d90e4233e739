"""How good an artefact is: figures with intervals, slices, precisions compared, alerts on a real stream, one report."""
