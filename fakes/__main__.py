"""python -m fakes [--port N] [--product URL]: plays every provider until Ctrl-C."""

import argparse

from fakes.server import forever

if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--port", type=int, default=8100)
    said.add_argument("--product", default="", help="where the product listens, to be told of events")
    chosen = said.parse_args()
    forever(chosen.port, chosen.product)
