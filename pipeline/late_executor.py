"""An executor that is imported when it is to run, after the cache was asked."""

from tfx.orchestration.portable import base_executor_operator, data_types, launcher
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2

from tapeline.pipeline.postponed_imports import import_postponed

_EXECUTORS = (executable_spec_pb2.PythonClassExecutableSpec, executable_spec_pb2.BeamExecutableSpec)


class LateExecutor(base_executor_operator.BaseExecutorOperator):
    """Stands for TFX's own operator of an executor, which imports it when it is made."""

    SUPPORTED_EXECUTOR_SPEC_TYPE = list(_EXECUTORS)
    SUPPORTED_PLATFORM_CONFIG_TYPE: list[type] = []

    def run_executor(self, execution_info: data_types.ExecutionInfo) -> execution_result_pb2.ExecutorOutput | None:
        import_postponed()
        operator = launcher.DEFAULT_EXECUTOR_OPERATORS[type(self._executor_spec)]
        return operator(self._executor_spec).run_executor(execution_info)


LATE_EXECUTORS = dict.fromkeys(_EXECUTORS, LateExecutor)
"""For `Launcher(custom_executor_operators=...)`."""
