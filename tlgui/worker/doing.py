"""Does a job, in the engine process: the room of TensorFlow is entered here."""

from pathlib import Path

from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import Stopped
from tlgui.core.events import (
    Emit,
    EngineReady,
    Outcome,
    ProgressMade,
    RankingMade,
    RateCurveMade,
    SpeedMeasured,
    Stage,
    StopRequest,
)
from tlgui.core.run import new_run_name, open_finished_run
from tlgui.core.search_file import begin_search, read_search
from tlgui.core.wakefulness import kept_awake
from tlgui.worker.jobs import (
    AutoJob,
    Background,
    ImportJob,
    Job,
    Looking,
    PredictJob,
    RankJob,
    RateFinderJob,
    ResumeJob,
    SearchJob,
    SpeedJob,
    Training,
    TrainJob,
    WarmUp,
)


def do(job: Job, emit: Emit, stop: StopRequest) -> Outcome:
    """Does a job to its end.

    Args:
        job: what was asked.
        emit: told its events.
        stop: asked whether to end it.

    Raises:
        Stopped: `stop` said so.
        TlguiError: it is the person's trouble.
    """
    if isinstance(job, Training):
        with kept_awake():
            return _train(job, emit, stop)
    _look(job, emit, stop)
    return Outcome.COMPLETED


def _train(job: Training, emit: Emit, stop: StopRequest) -> Outcome:
    match job:
        case TrainJob(spec, dataset, parent, stem):
            from tlgui.ml.training import train

            folder = new_run_name(Path(parent), stem)
            return train(spec, folder, emit, stop, dataset).outcome
        case ResumeJob(run, dataset, at_once):
            from tlgui.ml.training import resume

            return resume(Path(run), emit, stop, dataset, at_once=at_once).outcome
        case AutoJob():
            from tlgui.ml.automatic import train_automatically

            train_automatically(
                job.spec,
                lambda key: new_run_name(Path(job.parent), f"{job.stem} {key}"),
                job.seconds,
                emit,
                stop,
                job.dataset,
                chooses_backbone=job.chooses_backbone,
            )
        case SearchJob(file, spec, dataset):
            from tlgui.ml.search import search_settings

            place = Path(file)
            state = read_search(place) if spec is None else begin_search(place, spec)
            search_settings(state, place, emit, stop, dataset)
    return Outcome.COMPLETED if stop() is None else Outcome.STOPPED


def _look(job: Background | Looking, emit: Emit, stop: StopRequest) -> None:
    def should_stop() -> bool:
        return stop() is not None

    match job:
        case WarmUp(backbone, files):
            from tlgui.ml.warm_up import warm_up

            emit(EngineReady(warm_up(backbone, files, should_stop), backbone))
        case SpeedJob():
            from tlgui.ml.calibration import known_speed, measure_speed

            emit(SpeedMeasured(known_speed() or measure_speed(should_stop)))
        case ImportJob(file, title, notes):
            from tlgui.ml.importing import import_model

            emit(import_model(Path(file), title, should_stop, notes))
        case RankJob(dataset, backbones):
            from tlgui.ml.ranking import rank_backbones

            ranking = rank_backbones(
                dataset,
                [find_backbone(name) for name in backbones],
                lambda done, total: emit(ProgressMade(Stage.COMPARING, done, total)),
                should_stop,
            )
            emit(RankingMade(ranking))
        case RateFinderJob(spec, dataset):
            from tlgui.ml.rate_finder import find_rate

            emit(RateCurveMade(find_rate(spec, emit, stop, dataset)))
        case PredictJob(run, sources):
            from tlgui.ml.prediction import predict_sources

            finished = open_finished_run(Path(run))
            for prediction in predict_sources(finished, sources):
                emit(prediction)
                if should_stop():
                    raise Stopped
