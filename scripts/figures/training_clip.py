"""Training as a clip: what three methods have drawn of one picture at every milestone.

PSNR of the fitted pixels, one seed; on paper the last step.
"""

from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.panels import array, evenly, one_seed, run_of
from inr_experiments.runs.frame import Frame

READS = ("training_clip",)
ARRAYS = ("*/picture/reconstruction",)

#: Steps shown at the most.
MAX_STEPS = 24


def draw(training_clip: Frame) -> Figure:
    return draw_step(training_clip, training_clip.last_step())


def clip(training_clip: Frame) -> list[Figure]:
    """A figure a milestone, in order."""
    steps = training_clip.course("psnr").columns
    return [draw_step(training_clip, int(steps[i])) for i in evenly(len(steps), MAX_STEPS)]


def draw_step(frame: Frame, step: int) -> Figure:
    """The fits of all methods at a step."""
    frame = one_seed(frame)
    item = str(frame.column("item").iloc[0])
    runs = {label: run_of(frame, label, item) for label in frame.labels}
    psnr = frame.course("psnr")[step]
    pictures = {
        label: array(frame, run, "picture/reconstruction", step) for label, run in runs.items()
    }
    high, wide = next(iter(pictures.values())).shape[:2]
    # Not by pyplot, which keeps figures open and warns of so many.
    figure = Figure(figsize=(style.PAGE, style.PAGE / len(runs) * high / wide + 0.45))
    axes = figure.subplots(1, len(runs), squeeze=False)
    for axis, (label, picture) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_title(f"{label}, {psnr[runs[label]]:.2f} dB")
        axis.set_axis_off()
    figure.suptitle(f"{item}, step {step}", fontsize=8)
    return figure
