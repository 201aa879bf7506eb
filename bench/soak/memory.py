"""Whether a process keeps what it should have given back."""

import statistics
import time

# What samples may differ by, in bytes: sessions that come and go while one is taken. Of few, also
# what the allocator keeps of a change of rules (up to 2.5 MB in libnftables, see least()).
MANY = 8
TOLERANCE, TOLERANCE_OF_FEW = 2e6, 4e6
EVERY = 0.5         # seconds


def least(proxies, until):
    """The least memory of each until then, looked at once or more often: what a change of the rules
    needs for a moment (up to 2.5 MB in libnftables), or the allocator keeps for the next, comes and
    goes. What is lost is lost at each moment."""
    sizes = [proxy.memory() for proxy in proxies]
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(EVERY, left))
        sizes = [min(size, proxy.memory()) for size, proxy in zip(sizes, proxies)]
    return sizes


def growth(sizes):
    """From the first quarter of the samples to the last, in bytes. The first sample of all does not
    count where there are others: not every buffer had been needed by then."""
    sizes = sizes[1:] if len(sizes) > 2 else sizes
    quarter = max(1, len(sizes) // 4)
    return statistics.median(sizes[-quarter:]) - statistics.median(sizes[:quarter])


def grew(sizes):
    return growth(sizes) > (TOLERANCE if len(sizes) >= MANY else TOLERANCE_OF_FEW)


def described(sizes):
    return (f"{sizes[0] / 1e6:.1f} MB after the first switchover, {sizes[-1] / 1e6:.1f} after the "
            f"last, {max(sizes) / 1e6:.1f} at most; growth {growth(sizes) / 1e6:+.1f}")
