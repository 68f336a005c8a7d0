"""The server for agents: the commands of the program as tools of the Model Context Protocol (docs/agents.md).

    confined   paths inside one folder          drafting   init
    tool       what a tool is                   specs      check, edit and metrics
    wording    messages for a client            measuring  simulate and ask
    starting   size                             runs       run, show and report
    rounds     runs for yield                   yields     monte_carlo and post_layout
    registry   every tool                       stdio      the protocol, with the SDK's majors 1 and 2

Beside it lies SKILL.md, which teaches an agent with a shell the same.
"""
