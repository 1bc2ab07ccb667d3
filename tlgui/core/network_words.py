"""What went wrong with a network, in words that a person can use."""


def kind_of_trouble(error: Exception) -> str:
    """The kind of trouble in a few words; the whole chain tells a person nothing.

    Args:
        error: of `requests`, or of `urllib3` below it.
    """
    import requests
    from urllib3 import exceptions

    kinds = (
        (requests.exceptions.ProxyError, "the proxy does not let it through"),
        (requests.exceptions.SSLError, "the connection is not trusted"),
        (requests.Timeout, "no answer"),
        (exceptions.TimeoutError, "no answer"),
        (exceptions.HTTPError, "it broke off"),
        (requests.ConnectionError, "no connection"),
    )
    return next((text for kind, text in kinds if isinstance(error, kind)), str(error))
