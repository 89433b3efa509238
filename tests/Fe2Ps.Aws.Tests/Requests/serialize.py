"""Serialises requests as botocore does: the reference for the wire form.

Reads from stdin a JSON list of {"model": path, "operation": name, "input": {...}} and writes a JSON list of
{"fields": {...}} for form protocols or {"json": {...}, "target": text} for json ones. Blobs come in as base64.
"""
import base64
import json
import sys

from botocore.model import ServiceModel
from botocore.serialize import create_serializer


def decoded(value, shape):
    if value is None:
        return None
    if shape.type_name == "structure":
        return {name: decoded(inner, shape.members[name]) for name, inner in value.items()}
    if shape.type_name == "list":
        return [decoded(inner, shape.member) for inner in value]
    if shape.type_name == "map":
        return {key: decoded(inner, shape.value) for key, inner in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value)
    return value


models = {}
answers = []
for case in json.load(sys.stdin):
    path = case["model"]
    if path not in models:
        with open(path, encoding="utf-8") as file:
            models[path] = ServiceModel(json.load(file))
    model = models[path]
    operation = model.operation_model(case["operation"])
    given = decoded(case["input"], operation.input_shape) if operation.input_shape else {}
    serializer = create_serializer(model.metadata["protocol"], include_validation=False)
    request = serializer.serialize_to_request(given, operation)
    if model.metadata["protocol"] == "rest-json":
        query = request["query_string"]
        pairs = query.items() if hasattr(query, "items") else query
        answers.append({"method": request["method"], "path": request["url_path"],
                        "query": sorted([key, str(one)] for key, value in pairs for one in (value if isinstance(value, list) else [value])),
                        "headers": {key.lower(): str(value) for key, value in request["headers"].items()},
                        "json": json.loads(request["body"]) if request["body"] else None})
    elif model.metadata["protocol"] == "json":
        answers.append({"json": json.loads(request["body"]), "target": request["headers"]["X-Amz-Target"],
                        "contentType": request["headers"]["Content-Type"]})
    else:
        answers.append({"fields": {key: str(value) for key, value in request["body"].items()}})
json.dump(answers, sys.stdout)
