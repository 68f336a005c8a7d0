"""The names of the Python API for type checkers; `__init__.py` imports them when they are used."""

from eda_agent.api import (
    Answer as Answer,
)
from eda_agent.api import (
    Batch as Batch,
)
from eda_agent.api import (
    Circuit as Circuit,
)
from eda_agent.api import (
    Draft as Draft,
)
from eda_agent.api import (
    EdaAgentError as EdaAgentError,
)
from eda_agent.api import (
    InputError as InputError,
)
from eda_agent.api import (
    MissingError as MissingError,
)
from eda_agent.api import (
    MonteCarlo as MonteCarlo,
)
from eda_agent.api import (
    PostLayout as PostLayout,
)
from eda_agent.api import (
    RobustRun as RobustRun,
)
from eda_agent.api import (
    Run as Run,
)
from eda_agent.api import (
    Sensitivity as Sensitivity,
)
from eda_agent.api import (
    Simulation as Simulation,
)
from eda_agent.api import (
    SizingStream as SizingStream,
)
from eda_agent.api import (
    Table as Table,
)
from eda_agent.api import (
    Waveform as Waveform,
)
from eda_agent.api import (
    Waveforms as Waveforms,
)
from eda_agent.api import (
    ask as ask,
)
from eda_agent.api import (
    draft as draft,
)
from eda_agent.api import (
    list_metrics as list_metrics,
)
from eda_agent.api import (
    load as load,
)
from eda_agent.api import (
    monte_carlo as monte_carlo,
)
from eda_agent.api import (
    open_run as open_run,
)
from eda_agent.api import (
    post_layout as post_layout,
)
from eda_agent.api import (
    sensitivity as sensitivity,
)
from eda_agent.api import (
    simulate as simulate,
)
from eda_agent.api import (
    size as size,
)
from eda_agent.api import (
    size_robust as size_robust,
)
from eda_agent.api import (
    waveforms as waveforms,
)

__version__: str
