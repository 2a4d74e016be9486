"""Scores of texts that are no pieces yet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

router = APIRouter(tags=["pieces"])


class Text(BaseModel):
    """A tune in ABC."""

    model_config = ConfigDict(extra="forbid")

    abc: str = Field(max_length=100_000)
    width: int = Field(default=900, ge=200, le=4000, description="of the page, in pixels")


@router.post("/engrave", response_class=Response)
async def engrave(request: Request, text: Text) -> Response:
    """Engrave a text of ABC: the score as SVG."""
    svg = await request.app.state.desk.ask("engrave", abc=text.abc, width=text.width)
    return Response(svg, media_type="image/svg+xml")
