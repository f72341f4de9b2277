"""python -m fakes [--port N] [--mail-port N] [--product URL]: plays every provider until Ctrl-C."""

import argparse
import sys

from fakes.server import forever

if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--port", type=int, default=8100)
    said.add_argument("--mail-port", type=int, default=8125)
    said.add_argument("--product", default="", help="where the product listens, to be told of events")
    chosen = said.parse_args()
    try:
        forever(chosen.port, chosen.mail_port, chosen.product)
    except OSError as taken:
        sys.exit(f"A port can't be used ({taken.strerror}): choose others with --port and --mail-port")
