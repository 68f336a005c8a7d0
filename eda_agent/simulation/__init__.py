"""From a sizing to measurements: decks, ngspice in worker processes, waveforms, and the one place that fans out."""
