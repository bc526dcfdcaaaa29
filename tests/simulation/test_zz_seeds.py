import pytest
from tests.simulation import explaining
from tests.simulation.seeds import kept
@pytest.mark.usefixtures("lab")
def test_more():
    kept(explaining.explained, range(15, 75))
