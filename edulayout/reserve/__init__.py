"""Land kept free (预留发展用地): where schools could grow, what stands against it, which idle buildings would do."""

from edulayout.reserve.conflicts import conflicts
from edulayout.reserve.idle import rate_idle
from edulayout.reserve.land import growth_land
from edulayout.reserve.reading import check_sites, read_areas, read_buildings, read_sites

__all__ = ["check_sites", "conflicts", "growth_land", "rate_idle", "read_areas", "read_buildings", "read_sites"]
