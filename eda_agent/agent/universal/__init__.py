"""The universal surrogate predicts the metrics of a circuit outside its training, from the circuit's graph and the
turns so far.

A graph network reads the circuit at one measured design (`graph`, `network`) and generates for every spec a mean and a
kernel over changes of the sizes' logarithms. A Gaussian process in closed form uses them (`posterior`). `checkpoint`
holds the
weights. numpy only; the same network is trained in torch (`train/universal`).
"""
