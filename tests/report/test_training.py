from seqcnn.report.training import draw_history
from seqcnn.training.fitting import Epoch


def test_histories_are_drawn_alike_each_time(tmp_path):
    first = [Epoch(i, 1 / (i + 1), 1.2 / (i + 1), 0.5 + i / 10) for i in range(4)]
    second = [Epoch(i, 1.0, 1.0, None) for i in range(2)]  # a metric that is never defined
    for name in ("a.png", "b.png"):
        draw_history(tmp_path / name, [first, second], metric="auroc", names=["one", "two"])
    drawn = (tmp_path / "a.png").read_bytes()
    assert drawn[:4] == b"\x89PNG" and drawn == (tmp_path / "b.png").read_bytes()
