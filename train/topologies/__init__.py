"""A topology is a circuit that no one drew: composed from stages, loads, cascodes, compensation and bias blocks for a
policy to practise on.

`compose` draws one from a number; `amplifiers` and `others` know the blocks; a `SurrogateCheckpoint` is what they are
drawn on.
"""
