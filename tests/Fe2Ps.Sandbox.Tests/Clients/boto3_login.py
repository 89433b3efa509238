"""Takes real hosts through their life with boto3 and ssh; prints "done" when every assertion held."""
import json
import os
import subprocess
import tempfile
import time
import urllib.request

import boto3

URL = os.environ["AWS_ENDPOINT_URL"]
QUICK = {"Delay": 1, "MaxAttempts": 60}
ec2 = boto3.client("ec2", endpoint_url=URL)
ssm = boto3.client("ssm", endpoint_url=URL)
ami = ssm.get_parameter(Name="/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id")["Parameter"]["Value"]
folder = tempfile.mkdtemp(prefix="fe2-test-")
key = os.path.join(folder, "key")
with open(os.open(key, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
    file.write(ec2.create_key_pair(KeyName="default", KeyType="ed25519")["KeyMaterial"])
group = ec2.create_security_group(GroupName="fe2-ssh", Description="ssh")["GroupId"]


def post(path, body):
    with urllib.request.urlopen(urllib.request.Request(URL + "/_sandbox/" + path, data=json.dumps(body).encode(), method="POST")) as answer:
        return json.load(answer)


def launch(image=ami, **more):
    arguments = dict(
        ImageId=image, InstanceType="t3.micro", KeyName="default", MinCount=1, MaxCount=1, SecurityGroupIds=[group],
        MetadataOptions={"HttpTokens": "required"})
    instance = ec2.run_instances(**{**arguments, **more})["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=QUICK)
    return instance


def find(instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def until(what, condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def ssh(instance, command, code=0, seconds=30):
    address = find(instance)["PublicIpAddress"]
    options = ["-q", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=2", "-o", "BatchMode=yes"]
    end = time.monotonic() + seconds
    while True:
        done = subprocess.run(["ssh", *options, "ubuntu@" + address, command], capture_output=True, text=True)
        if code is None or done.returncode != 255 or code == 255:
            assert code in (None, done.returncode), done
            return done.stdout.strip()
        assert time.monotonic() < end, "no login: " + done.stderr
        time.sleep(0.2)


# Closed until a rule opens it.
first = launch(UserData="#!/bin/sh\necho from user data > /home/ubuntu/told\n", InstanceInitiatedShutdownBehavior="terminate")
ssh(first, "true", code=255)
caller = urllib.request.urlopen(URL + "/_sandbox/checkip").read().decode().strip()
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
    "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": caller + "/32"}], "UserIdGroupPairs": [{"GroupId": group}]}])
assert ssh(first, "sudo -n id -u") == "0"
until("user data ran", lambda: ssh(first, "cat told 2>/dev/null || true") == "from user data")

# The instance knows itself, by version 2 only.
ask = """python3 - <<'PY'
import urllib.error, urllib.request
base = "http://169.254.169.254/latest/"
try:
    urllib.request.urlopen(base + "meta-data/instance-id")
    print("open")
except urllib.error.HTTPError as error:
    print(error.code)
token = urllib.request.urlopen(urllib.request.Request(base + "api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})).read().decode()
print(urllib.request.urlopen(urllib.request.Request(base + "meta-data/instance-id", headers={"X-aws-ec2-metadata-token": token})).read().decode())
PY"""
assert ssh(first, ask).split() == ["401", first]

# What is frozen is there in the copy; members of the group reach each other.
ssh(first, "echo kept > kept && sync")
image = ec2.create_image(InstanceId=first, Name="frozen", NoReboot=True)["ImageId"]
ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=QUICK)
second = launch(image)
assert ssh(second, "cat kept") == "kept"
peer = find(first)["PrivateIpAddress"]
assert ssh(second, f"timeout 5 bash -c 'exec 3<>/dev/tcp/{peer}/22 && head -c 4 <&3'") == "SSH-"

# A disk moves with its content.
volume = ec2.create_volume(AvailabilityZone=find(first)["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=QUICK)


def attached():
    attachments = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]
    return bool(attachments) and attachments[0]["State"] == "attached"


ec2.attach_volume(VolumeId=volume, InstanceId=first, Device="/dev/sdf")
until("attached", attached)
# On a Nitro type a disk is known by its serial, whatever name was asked for.
disk = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + volume.replace("-", "")
ssh(first, f"sudo mkfs.ext4 -q {disk} && sudo mount {disk} /mnt && echo data | sudo tee /mnt/data && sudo umount /mnt")
ec2.detach_volume(VolumeId=volume)
ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=QUICK)
ec2.attach_volume(VolumeId=volume, InstanceId=second, Device="/dev/sdf")
until("attached", attached)
assert ssh(second, f"sudo mount {disk} /mnt && cat /mnt/data") == "data"

# Stopped and started it keeps its disk; shut down from inside it does as it was told at its launch.
ec2.stop_instances(InstanceIds=[second])
ec2.get_waiter("instance_stopped").wait(InstanceIds=[second], WaiterConfig=QUICK)
ec2.start_instances(InstanceIds=[second])
ec2.get_waiter("instance_running").wait(InstanceIds=[second], WaiterConfig=QUICK)
assert ssh(second, "cat kept") == "kept"
ssh(first, "sudo shutdown -h now", code=None)
ec2.get_waiter("instance_terminated").wait(InstanceIds=[first], WaiterConfig=QUICK)
assert find(first)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown", find(first)

# A spot machine that is interrupted ends, and its request says why.
spot = launch(InstanceMarketOptions={"MarketType": "spot"})
assert ssh(spot, "true") == ""
post("faults", {"kind": "interrupt", "instance": spot, "seconds": 1})
ec2.get_waiter("instance_terminated").wait(InstanceIds=[spot], WaiterConfig=QUICK)
assert ec2.describe_spot_instance_requests()["SpotInstanceRequests"][0]["Status"]["Code"] == "instance-terminated-no-capacity"

# The power fails.
post("faults", {"kind": "kill", "instance": second})
ec2.get_waiter("instance_stopped").wait(InstanceIds=[second], WaiterConfig=QUICK)
assert find(second)["StateReason"]["Code"] == "Server.InternalError"
subprocess.run(["rm", "-rf", folder])
print("done")
