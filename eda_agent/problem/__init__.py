"""What is to be solved: circuit, design space, testbenches, specs, corners; typed, validated, frozen."""
