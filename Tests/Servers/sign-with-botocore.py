"""Signs requests with botocore, as an independent witness of our own signer.

Standard input: a JSON array of requests (method, host, path, query, headers, payload, id, secret, token, region, time,
lifetime). Standard output: a line for each, the Authorization header or, where there is a lifetime, the presigned URL.
"""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

for case in json.load(sys.stdin):
    moment = datetime.datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True, moment=moment: (
        moment.replace(tzinfo=None) if remove_tzinfo else moment
    )
    request = AWSRequest(
        method=case["method"],
        url="https://" + case["host"] + percent_encode(case["path"], safe="/~"),
        params=dict(case["query"]),
        headers=dict(case["headers"]),
    )
    credentials = Credentials(case["id"], case["secret"], case.get("token"))
    lifetime = case.get("lifetime")
    if lifetime:
        botocore.auth.S3SigV4QueryAuth(credentials, "s3", case["region"], lifetime).add_auth(request)
        print(request.url)
    else:
        request.headers["X-Amz-Content-SHA256"] = case["payload"]
        # What a client that has the body's digest does.
        request.context["payload_signing_enabled"] = True
        auth = botocore.auth.S3SigV4Auth(credentials, "s3", case["region"])
        auth.payload = lambda request, digest=case["payload"]: digest
        auth.add_auth(request)
        print(request.headers["Authorization"])
