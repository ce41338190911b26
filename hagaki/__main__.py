"""`python -m hagaki`: the same as the console command `hagaki`."""

from hagaki.cli import main

if __name__ == "__main__":
    main()
