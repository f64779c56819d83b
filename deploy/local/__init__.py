"""The whole system on one machine without Docker: a real mongod, a real broker, the services as processes of their own.

`LocalStack` is the way in, for the command line, the demo and the tests. Nothing in here is used in production.
"""

from deploy.local.config import StackConfig
from deploy.local.errors import StackError
from deploy.local.stack import LocalStack

__all__ = ["LocalStack", "StackConfig", "StackError"]
