"""Validates templates by Heat's own code, without a cloud: structure, references, and every property of its resources."""

import logging
import pathlib
import sys
from unittest import mock

logging.disable(logging.CRITICAL)

from heat.common import context, exception, template_format  # noqa: E402
from heat.engine import constraints, environment, resource, resources, stack, template  # noqa: E402
from oslo_config import cfg  # noqa: E402

cfg.CONF([], project="heat")
resources.initialise()
request = context.RequestContext(project_id="p", user_id="u", username="u", auth_token="x", is_admin=False, roles=[])

# There is no cloud that could say whether an image, a network or a service exists.
known = mock.patch.object(constraints.CustomConstraint, "validate", lambda *_, **__: None)
there = mock.patch.object(resource.Resource, "_validate_service_availability", lambda *_, **__: None)


def validate(text):
    parsed = template_format.parse(text)
    given = {name: "some" for name, about in parsed["parameters"].items() if "default" not in about}
    files = {"../user-data": "#cloud-config\n"}
    made = template.Template(parsed, env=environment.Environment({"parameters": given}), files=files)
    whole = stack.Stack(request, "vr1", made, strict_validate=False)
    # As `openstack orchestration template validate` has it done, and the values of properties besides.
    whole.validate(validate_res_tmpl_only=True)
    list(whole.dependencies)
    for each in whole.values():
        each.properties.validate()


with known, there:
    for path in sys.argv[1:]:
        try:
            validate(pathlib.Path(path).read_text())
            print("valid")
        except exception.HeatException as error:
            print(" ".join(str(error).split()))
