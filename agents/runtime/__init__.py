"""What every agent process shares: give it executors, and it is an agent.

executors = ExecutorRegistry()
executors.register_all(MyExecutor())
run_agent(AgentOptions(type=AgentType.DATA, name="data-1", url="http://scheduler:8000", token="cpa_enrol_…",
                       folder=Path("data/agents/data-1")), executors)
"""

from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_process import run_agent
from agents.runtime.embedded import embedded_agent
from agents.runtime.progress import report_progress

__all__ = ["AgentOptions", "embedded_agent", "report_progress", "run_agent"]
