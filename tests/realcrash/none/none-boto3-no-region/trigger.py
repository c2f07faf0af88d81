import os

import boto3


def queue():
    return boto3.client("sqs", aws_access_key_id="test", aws_secret_access_key="test")


def handle(order):
    return queue().send_message(QueueUrl="https://queue.example.org/orders", MessageBody=order)


for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
    os.environ.pop(name, None)
os.environ["AWS_CONFIG_FILE"] = os.devnull
print(handle("order 17"))
