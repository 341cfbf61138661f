"""The fields of the documents that are kept in the index, as clients search them."""

from collections.abc import Mapping
from typing import Any, Final

_KEYWORD: Final[Mapping[str, Any]] = {"type": "keyword"}
_DOUBLE: Final[Mapping[str, Any]] = {"type": "double"}
_WHOLE: Final[Mapping[str, Any]] = {"type": "integer"}
_DATE: Final = {"type": "date", "format": "strict_date_time||epoch_millis"}
_WORDS: Final = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
_ENTITY: Final = {"type": "nested", "properties": {"name": _KEYWORD, "value": _KEYWORD}}

DETECTOR: Final = {
    **{"name": _WORDS, "description": {"type": "text"}, "time_field": _KEYWORD, "indices": _WORDS, "result_index": _KEYWORD},
    **{"detector_type": _KEYWORD, "category_field": _KEYWORD, "last_update_time": _DATE, "schema_version": {"type": "integer"}},
    **{"shingle_size": {"type": "integer"}, "history": {"type": "integer"}, "recency_emphasis": {"type": "integer"}},
    "feature_attributes": {
        "type": "nested",
        "properties": {"feature_id": _KEYWORD, "feature_name": _WORDS, "feature_enabled": {"type": "boolean"}},
    },
}
TASK: Final = {
    **dict.fromkeys(("state", "detector_id", "task_type", "started_by", "stopped_by", "parent_task_id"), _KEYWORD),
    **dict.fromkeys(("last_update_time", "execution_start_time", "execution_end_time", "current_piece"), _DATE),
    **{"task_progress": {"type": "float"}, "init_progress": {"type": "float"}, "is_latest": {"type": "boolean"}},
    **{"error": {"type": "text"}, "entity": _ENTITY, "estimated_minutes_left": {"type": "integer"}},
    "detection_date_range": {"properties": {"start_time": _DATE, "end_time": _DATE}},
    "detector": {"properties": DETECTOR},
}
JOB: Final = {
    **{"name": _KEYWORD, "enabled": {"type": "boolean"}, "type": _KEYWORD, "lock_duration_seconds": {"type": "long"}},
    **dict.fromkeys(("enabled_time", "disabled_time", "last_update_time"), _DATE),
}
_VALUES: Final = {"type": "nested", "properties": {"feature_id": _KEYWORD, "data": _DOUBLE}}
RESULT: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(("detector_id", "task_id", "model_id"), _KEYWORD),
    **dict.fromkeys(("anomaly_score", "anomaly_grade", "confidence", "threshold"), _DOUBLE),
    **dict.fromkeys(("data_start_time", "data_end_time", "execution_start_time", "execution_end_time"), _DATE),
    **{"approx_anomaly_start_time": _DATE, "error": {"type": "text"}, "schema_version": {"type": "integer"}},
    "feature_data": {"type": "nested", "properties": {"feature_id": _KEYWORD, "feature_name": _KEYWORD, "data": _DOUBLE}},
    "entity": _ENTITY,
    "relevant_attribution": _VALUES,
    "past_values": _VALUES,
    "expected_values": {"type": "nested", "properties": {"likelihood": _DOUBLE, "value_list": _VALUES}},
    "feature_imputed": {"type": "nested", "properties": {"feature_id": _KEYWORD, "imputed": {"type": "boolean"}}},
}
RESULT_UNUSED: Final[Mapping[str, Mapping[str, Any]]] = {
    "is_anomaly": {"type": "boolean"},
    "user": {
        "type": "nested",
        "properties": {"name": _WORDS, "backend_roles": _WORDS, "roles": _WORDS, "custom_attribute_names": _WORDS},
    },
}
"""Fields of results that clients know and that are not written."""
INSIGHT: Final = {
    **dict.fromkeys(("window_start", "window_end", "generated_at"), _DATE),
    **dict.fromkeys(("doc_detector_names", "doc_detector_ids", "doc_indices", "doc_model_ids"), _KEYWORD),
    "clusters": {
        "type": "nested",
        "properties": {
            **{
                "event_start": _DATE,
                "event_end": _DATE,
                "cluster_text": {"type": "text"},
                "num_anomalies": _WHOLE,
            },
            **dict.fromkeys(("detector_ids", "detector_names", "indices", "entities", "model_ids"), _KEYWORD),
            "anomalies": {
                "type": "nested",
                "properties": {
                    **{"model_id": _KEYWORD, "detector_id": _KEYWORD, "data_start_time": _DATE, "data_end_time": _DATE}
                },
            },
        },
    },
    "stats": {
        "properties": dict.fromkeys(("num_clusters", "num_anomalies", "num_detectors", "num_indices", "num_series"), _WHOLE)
    },
}
MONITOR: Final = {
    "monitor": {
        "properties": {
            **{"name": _WORDS, "type": _KEYWORD, "monitor_type": _KEYWORD, "enabled": {"type": "boolean"}},
            **{"enabled_time": _DATE, "last_update_time": _DATE},
            "inputs": {"type": "nested", "properties": {"search": {"properties": {"indices": _WORDS}}}},
        }
    }
}
ALERT: Final = {
    **dict.fromkeys(("monitor_id", "trigger_id", "state", "severity"), _KEYWORD),
    **{"monitor_name": _WORDS, "trigger_name": _WORDS, "error_message": {"type": "text"}},
    **dict.fromkeys(("start_time", "last_notification_time", "acknowledged_time", "end_time"), _DATE),
}
