"""What this room tells the log: files by their hash, papers by theirs, buyers and purposes sealed."""

from registry.log.schemas import declare

declare("asset.registered", public=("asset", "sha256", "size"))
declare("asset.attached", public=("asset", "object"))
declare("profile.measured", public=("asset", "profile", "rows", "columns_sha256"))
declare("sample.taken", public=("asset", "sample", "method", "rows_sha256"))
declare("source.stated", public=("object", "statement", "evidence_sha256"), sealed=("text",))
declare(
    "consent.recorded",
    public=("consent", "object", "kinds", "separate", "given_at", "notice_sha256", "evidence_sha256"),
    sealed=("buyer", "purpose"),
)
declare("consent.withdrawn", public=("consent", "object", "withdrawn_at"))
declare("impact.filed", public=("assessment", "object", "kinds", "reported_on", "report_sha256"), sealed=("buyer", "purpose"))
declare("report.filed", public=("report", "object", "institution", "kind", "accepted", "reported_on", "report_sha256"))
