"""The server for agents: the commands of the program as tools of the Model Context Protocol (docs/agents.md).

    confined   paths inside one folder          files      init, check and simulate
    tool       what a tool is                   runs       run, show and report
    starting   size
    rounds     runs for yield                   yields     monte_carlo and post_layout
    registry   every tool                       stdio      the protocol, with the SDK's majors 1 and 2

Beside it lies SKILL.md, which teaches an agent with a shell the same.
"""
