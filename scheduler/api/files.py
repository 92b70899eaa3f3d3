"""What jobs have produced: artifacts and pictures."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse

from scheduler.api.dependencies import ArtifactsDep, JobServiceDep, ScreenshotsDep, TenantDep
from scheduler.core.errors import ArtifactNotFoundError
from scheduler.core.ids import JobId, TaskId
from scheduler.executors.files import ArtifactStore

router = APIRouter(tags=["files"])


def artifact_links(artifacts: ArtifactStore, job_id: JobId) -> list[str]:
    """Return where the files of a job are served."""
    return [
        f"/jobs/{job_id}/artifacts/{path.parent.name}/{quote(path.name, safe='')}" for path in artifacts.list(job_id)
    ]


@router.get("/jobs/{job_id}/artifacts/{task_id}/{name}", response_class=FileResponse)
async def artifact(
    job_id: JobId, task_id: TaskId, name: str, jobs: JobServiceDep, artifacts: ArtifactsDep, tenant: TenantDep
) -> FileResponse:
    """Send a file that a task produced."""
    await jobs.get(job_id, tenant)
    for path in artifacts.list(job_id):
        if (path.parent.name, path.name) == (task_id, name):
            return FileResponse(path, filename=name)
    raise ArtifactNotFoundError(f"{task_id}/{name}")


@router.get("/jobs/{job_id}/evidence/{name}", response_class=FileResponse)
async def evidence(
    job_id: JobId, name: str, jobs: JobServiceDep, screenshots: ScreenshotsDep, tenant: TenantDep
) -> FileResponse:
    """Send a picture, a page or a trace that was kept to show how a step went; `evidence` of the tasks lists them."""
    await jobs.get(job_id, tenant)
    for path in screenshots.list(job_id):
        if path.name == name:
            return FileResponse(path, filename=name)
    raise ArtifactNotFoundError(name)


@router.get("/jobs/{job_id}/screenshots/{task_id}", response_class=FileResponse)
async def screenshot(
    job_id: JobId, task_id: TaskId, jobs: JobServiceDep, screenshots: ScreenshotsDep, tenant: TenantDep
) -> FileResponse:
    """Send the last picture of a task."""
    await jobs.get(job_id, tenant)
    path = screenshots.path_of(job_id, task_id)
    if not path.is_file():
        raise ArtifactNotFoundError(f"{task_id}.png")
    return FileResponse(path, media_type="image/png")
