"""ML Metadata's gRPC service over a SQLite file, as the pod `metadata-grpc-service` of Kubeflow offers it over MySQL."""

import contextlib
import pathlib
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as native
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2

from tapeline.pipeline.stores import connection

CODES = {code.value[0]: code for code in grpc.StatusCode}


@contextlib.contextmanager
def metadata_service(database: pathlib.Path) -> Iterator[str]:
    """Serves a SQLite file and gives the address."""
    options = metadata_store_pb2.MigrationOptions()
    store = native.CreateMetadataStore(connection(database).SerializeToString(), options.SerializeToString())
    (service,) = metadata_store_service_pb2.DESCRIPTOR.services_by_name.values()

    def handler(method: Any) -> Any:
        def call(request: pytest.FixtureRequest, context: Any) -> Any:
            response, error, code = method(store, request)
            if code:
                context.abort(CODES[code], error.decode())
            return response

        return grpc.unary_unary_rpc_method_handler(call)

    handlers = {
        method.name: handler(getattr(native, method.name)) for method in service.methods if hasattr(native, method.name)
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None)
