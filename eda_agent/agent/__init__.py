"""The agent: score, turn, prompt, parse, environment, loop, and the policies that propose."""
