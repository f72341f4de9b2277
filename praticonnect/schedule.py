"""Every clock of the house on one screen (seconds, or a minute of each hour)."""

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, object]] = {
    "seal the journals": {"task": "audit.tasks.seal", "schedule": 5.0},
    "copy rights to their journal": {"task": "lifecycle.copy_rights", "schedule": 5.0},
    "make the months ahead": {"task": "audit.tasks.make_months", "schedule": 86_400.0},
    "export a checkpoint": {"task": "audit.tasks.export_checkpoint", "schedule": 600.0},
    "forget invitations nobody used": {"task": "care.forget_invitations", "schedule": 86_400.0},
    "forget old sign-ins": {"task": "accounts.tasks.forget_old_sign_ins", "schedule": 86_400.0},
    "do what is due": {"task": "lifecycle.sweep", "schedule": crontab(minute=5)},
    "go on with imports whose worker was lost": {"task": "records.resume_imports", "schedule": 60.0},
    "go on with exports whose worker was lost": {"task": "gdpr_requests.resume_exports", "schedule": 60.0},
    "publish the quarter's statistics": {"task": "records.publish_statistics", "schedule": crontab(hour=4, minute=20)},
    "send what waits": {"task": "adapters.send", "schedule": 5.0},
    "send codes that wait": {"task": "adapters.send_codes", "schedule": 5.0},
    "apply what came in": {"task": "adapters.apply", "schedule": 5.0},
    "ask for what may be lost": {"task": "adapters.repair", "schedule": crontab(minute=20)},
    "stop what was withdrawn": {"task": "consents.stop", "schedule": 5.0},
    "remove documents whose upload failed": {"task": "records.sweep_documents", "schedule": 3_600.0},
}
