"""The problem to solve: circuit, design space, testbenches, specs, corners; typed, validated, frozen."""
