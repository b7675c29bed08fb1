"""What an OpenAPI document says, held against answers: the part of JSON Schema that the bridge uses, and nothing else.
A word that is not known here is a failure, so that nothing is taken for checked that is not."""
import re
import uuid

SCHEMA_WORDS = {"type", "properties", "required", "items", "maxItems", "enum", "const", "$ref", "minimum", "maximum",
                "maxLength", "format", "pattern", "description", "additionalProperties", "contentEncoding"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
METHODS = {"get", "post", "put", "patch", "delete"}


class Document:
    def __init__(self, document):
        self.document = document
        assert document["openapi"] == "3.1.0" and document["info"]["title"] and document["info"]["version"]
        self.patterns = []
        operation_ids = []
        for path, operations in document["paths"].items():
            names = re.findall(r"\{(\w+)\}", path)
            self.patterns.append((re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), len(names), operations))
            assert set(operations) <= METHODS, operations
            for operation in operations.values():
                operation_ids.append(operation["operationId"])
                self.check_operation(operation, names)
        assert len(operation_ids) == len(set(operation_ids))
        for schema in document["components"]["schemas"].values():
            self.check_schema(schema)

    def check_operation(self, operation, names):
        assert operation["summary"] and "default" in operation["responses"], operation
        parameters = [(parameter["in"], parameter["name"]) for parameter in operation["parameters"]]
        assert len(parameters) == len(set(parameters)), parameters
        assert sorted(name for place, name in parameters if place == "path") == sorted(names), (parameters, names)
        for parameter in operation["parameters"]:
            assert parameter["required"] or parameter["in"] != "path", parameter
            self.check_schema(parameter["schema"])
        for part in [*operation["responses"].values(), operation.get("requestBody", {"description": "x"})]:
            assert "description" in part or "required" in part, part
            for content in part.get("content", {}).values():
                self.check_schema(content["schema"])

    def check_schema(self, schema):
        assert set(schema) <= SCHEMA_WORDS, schema
        if "$ref" in schema:
            self.resolve(schema)
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), schema
        for below in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
            self.check_schema(below)

    def resolve(self, schema):
        assert schema["$ref"].startswith("#/components/schemas/"), schema
        return self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]

    def answer(self, method, path, status, kind, body):
        """Is that answer among those which the document has?"""
        path = path.split("?")[0]
        fitting = sorted(((names, operations) for pattern, names, operations in self.patterns
                          if pattern.fullmatch(path)), key=lambda found: found[0])
        if not fitting or method.lower().replace("head", "get") not in fitting[0][1]:
            assert status >= 400, (method, path, status)
            responses = {"default": {"content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/problem"}}}}}
        else:
            responses = fitting[0][1][method.lower().replace("head", "get")]["responses"]
        response = responses.get(str(status)) or responses["default"]
        assert str(status) in responses or status >= 400, f"{method} {path}: {status} is not in the document"
        if body is None:
            return
        assert kind in response["content"], (method, path, status, kind)
        self.check(body, response["content"][kind]["schema"], f"{method} {path} {status}")

    def check(self, value, schema, where):
        """All words of the schema, and no property that it does not have."""
        if "$ref" in schema:
            schema = self.resolve(schema)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        assert not kinds or any(isinstance(value, TYPES[kind]) and not (kind == "integer" and value in (True, False)
                                and isinstance(value, bool)) for kind in kinds), (where, value, schema)
        assert "enum" not in schema or value in schema["enum"], (where, value)
        assert "const" not in schema or value is schema["const"], (where, value)
        if isinstance(value, int):
            assert schema.get("minimum", value) <= value <= schema.get("maximum", value), (where, value)
        if isinstance(value, str):
            assert len(value) <= schema.get("maxLength", len(value)), (where, value)
            assert "pattern" not in schema or re.search(schema["pattern"], value), (where, value)
            if schema.get("format") == "uuid":
                assert str(uuid.UUID(value)) == value, (where, value)
        if isinstance(value, list):
            assert len(value) <= schema.get("maxItems", len(value)), where
            for index, item in enumerate(value):
                self.check(item, schema.get("items", {}), f"{where}[{index}]")
        if isinstance(value, dict) and "properties" in schema:
            assert set(schema.get("required", ())) <= set(value), (where, value)
            assert set(value) <= set(schema["properties"]) | {"id", "away"} or where.endswith("data"), (where, value)
            for name, item in value.items():
                if name in schema["properties"]:
                    self.check(item, schema["properties"][name], f"{where}.{name}")
