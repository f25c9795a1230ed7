"""What is said of a failure, to people too."""

from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from common.failures import in_words
from common.jobs import TryLater


def rpc_error(details):
    return AioRpcError(StatusCode.INTERNAL, Metadata(), Metadata(), details, "peer: 10.0.0.7:8422")


def test_a_failure_is_told_in_one_line_that_names_no_machine():
    assert in_words(rpc_error("internal error")) == "INTERNAL: internal error"
    assert in_words(rpc_error(None)) == "INTERNAL: without a word"
    assert in_words(TryLater("tmdb asks for a pause")) == "tmdb asks for a pause"
    assert in_words(KeyError("a")) == "KeyError: 'a'"
