"""Drives the sandbox with boto3 as a user would; prints "done" when every assertion held."""
import datetime
import json
import os
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL = os.environ["AWS_ENDPOINT_URL"]
QUICK = {"Delay": 1, "MaxAttempts": 20}


def client(service, region=None):
    return boto3.client(service, endpoint_url=URL, region_name=region, config=Config(retries={"mode": "standard", "max_attempts": 5}))


def code(function, **arguments):
    try:
        function(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("no error")


def post(path, body):
    request = urllib.request.Request(URL + "/_sandbox/" + path, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


ec2, ssm, sts, pricing = client("ec2"), client("ssm"), client("sts"), client("pricing", "us-east-1")

assert sts.get_caller_identity()["Account"] == "123456789012"
assert len(ec2.describe_regions()["Regions"]) >= 4
ami = ssm.get_parameter(Name="/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id")["Parameter"]["Value"]
parameters = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service/canonical/ubuntu/server", Recursive=True)
assert ami in [parameter["Value"] for page in parameters for parameter in page["Parameters"]]
image = ec2.describe_images(ImageIds=[ami])["Images"][0]
assert image["OwnerId"] == "099720109477" and image["RootDeviceName"] == "/dev/sda1", image

key = ec2.create_key_pair(KeyName="default", KeyType="ed25519")
assert key["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
group = ec2.create_security_group(GroupName="fe2-ssh", Description="ssh")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
    "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.7/32", "Description": "here"}],
    "UserIdGroupPairs": [{"GroupId": group}]}])
permission = ec2.describe_security_groups(GroupNames=["fe2-ssh"])["SecurityGroups"][0]["IpPermissions"][0]
assert permission["IpRanges"] == [{"CidrIp": "203.0.113.7/32", "Description": "here"}], permission

tags = [{"Key": "Name", "Value": "job <&> 1 한국"}, {"Key": "fe2:owner", "Value": "me"}]
launch = dict(
    ImageId=ami, InstanceType="t3.micro", MinCount=3, MaxCount=3, KeyName="default", SecurityGroupIds=[group], UserData="#!/bin/sh\ntrue\n",
    InstanceInitiatedShutdownBehavior="terminate", MetadataOptions={"HttpTokens": "required"}, ClientToken="t-1",
    BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}],
    TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")])
reservation = ec2.run_instances(**launch)
ids = [instance["InstanceId"] for instance in reservation["Instances"]]
assert [instance["State"]["Name"] for instance in reservation["Instances"]] == ["pending"] * 3
assert [instance["InstanceId"] for instance in ec2.run_instances(**launch)["Instances"]] == ids
ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=QUICK)
ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig=QUICK)
named = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["job <&>*"]}])["Reservations"][0]["Instances"]
assert len(named) == 3 and named[0]["Tags"] == tags and named[0]["MetadataOptions"]["HttpTokens"] == "required", named
assert named[0]["PublicIpAddress"] and named[0]["LaunchTime"].tzinfo is not None
disks = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": ids}])["Volumes"]
assert [disk["Size"] for disk in disks] == [20] * 3 and all(disk["Encrypted"] for disk in disks)
assert ec2.describe_instance_attribute(InstanceId=ids[0], Attribute="instanceInitiatedShutdownBehavior")["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"

post("seed", {"instances": 30, "prefix": "page-"})
pages = ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "tag:Name", "Values": ["page-*"]}], PaginationConfig={"PageSize": 7})
seen = [instance["InstanceId"] for page in pages for found in page["Reservations"] for instance in found["Instances"]]
assert len(seen) == 30 == len(set(seen)), seen

volume = ec2.create_volume(AvailabilityZone=named[0]["Placement"]["AvailabilityZone"], Size=1, VolumeType="gp3")["VolumeId"]
ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=QUICK)
ec2.attach_volume(VolumeId=volume, InstanceId=ids[0], Device="/dev/sdf")
ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume], WaiterConfig=QUICK)
snapshot = ec2.create_snapshot(VolumeId=volume, Description="copy")["SnapshotId"]
ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=QUICK)
assert ec2.modify_volume(VolumeId=volume, Size=2)["VolumeModification"]["TargetSize"] == 2
for _ in range(100):
    change = ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][0]
    if change["ModificationState"] == "completed":
        break
    time.sleep(0.1)
assert change["Progress"] == 100 and change["OriginalSize"] == 1 and ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == 2, change
together = ec2.create_snapshots(InstanceSpecification={"InstanceId": ids[0]}, CopyTagsFromSource="volume")["Snapshots"]
assert len(together) == 2 and together[0]["State"] == "pending", together
ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made["SnapshotId"] for made in together], WaiterConfig=QUICK)
address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
assert ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0]["Tags"] == tags
ec2.release_address(AllocationId=address["AllocationId"])
template = ec2.create_launch_template(LaunchTemplateName="of-boto3", LaunchTemplateData={
    "ImageId": ami, "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}})["LaunchTemplate"]["LaunchTemplateId"]
assert ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"][0]["LatestVersionNumber"] == 1
versions = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])["LaunchTemplateVersions"]
assert versions[0]["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required", versions
templated = ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": template})["Instances"][0]
assert templated["InstanceType"] == "t3.micro" and templated["MetadataOptions"]["HttpTokens"] == "required", templated
ec2.terminate_instances(InstanceIds=[templated["InstanceId"]])
ec2.delete_launch_template(LaunchTemplateId=template)
frozen = ec2.create_image(InstanceId=ids[0], Name="frozen")["ImageId"]
ec2.get_waiter("image_available").wait(ImageIds=[frozen], WaiterConfig=QUICK)
assert len(ec2.describe_images(Owners=["self"])["Images"][0]["BlockDeviceMappings"]) == 2
ec2.deregister_image(ImageId=frozen)

market = {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time", "MaxPrice": "0.0104"}}
spot = ec2.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, InstanceMarketOptions=market)["Instances"][0]
assert spot["InstanceLifecycle"] == "spot"
ec2.get_waiter("spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=[spot["SpotInstanceRequestId"]], WaiterConfig=QUICK)
assert ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[spot["SpotInstanceRequestId"]])["CancelledSpotInstanceRequests"][0]["State"] == "cancelled"
history = ec2.get_paginator("describe_spot_price_history").paginate(
    InstanceTypes=["t3.micro", "m5.large"], ProductDescriptions=["Linux/UNIX"], StartTime=datetime.datetime.utcnow() - datetime.timedelta(days=30)).build_full_result()
assert len(history["SpotPriceHistory"]) > 100 and float(history["SpotPriceHistory"][0]["SpotPrice"]) > 0
assert ec2.get_spot_placement_scores(InstanceTypes=["m5.large", "c5.large", "r5.large"], TargetCapacity=5)["SpotPlacementScores"]

types = ec2.get_paginator("describe_instance_types").paginate().build_full_result()["InstanceTypes"]
assert len(types) >= 60 and len({kind["InstanceType"].split(".")[0] for kind in types}) >= 8
assert ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["p3.*"]}])["InstanceTypeOfferings"]
products = pricing.get_products(ServiceCode="AmazonEC2", Filters=[
    {"Type": "TERM_MATCH", "Field": "instanceType", "Value": "m5.large"}, {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-2"}])
terms = json.loads(products["PriceList"][0])["terms"]["OnDemand"]
assert [float(rate["pricePerUnit"]["USD"]) for term in terms.values() for rate in term["priceDimensions"].values()] == [0.096]

post("faults", {"kind": "throttle", "operation": "DescribeVpcs", "times": 2})
ec2.describe_vpcs()
post("faults", {"kind": "reset", "operation": "DescribeVpcs", "times": 1})
ec2.describe_vpcs()
post("faults", {"kind": "deny", "operation": "DescribeVpcs", "times": 1})
try:
    ec2.describe_vpcs()
    raise AssertionError("no error")
except ClientError as refusal:
    encoded = refusal.response["Error"]["Message"].split()[-1]
assert "DescribeVpcs" in sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
post("faults", {"kind": "auth-failure", "times": 3})
assert code(ec2.describe_vpcs) == "AuthFailure"
assert code(sts.get_caller_identity) == "InvalidClientTokenId"
assert code(ssm.get_parameter, Name="/x") == "UnrecognizedClientException"
assert code(ec2.run_instances, ImageId=ami, MinCount=1, MaxCount=1, DryRun=True) == "DryRunOperation"
assert code(ec2.describe_instances, InstanceIds=["i-0123456789abcdef0"]) == "InvalidInstanceID.NotFound"

ec2.stop_instances(InstanceIds=ids[:1])
ec2.get_waiter("instance_stopped").wait(InstanceIds=ids[:1], WaiterConfig=QUICK)
ec2.modify_instance_attribute(InstanceId=ids[0], InstanceType={"Value": "m5.large"})
ec2.start_instances(InstanceIds=ids[:1])
ec2.get_waiter("instance_running").wait(InstanceIds=ids[:1], WaiterConfig=QUICK)
ec2.create_tags(Resources=ids, Tags=[{"Key": "late", "Value": ""}])
assert len(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["late"]}])["Tags"]) == 3
ec2.delete_tags(Resources=ids, Tags=[{"Key": "late"}])
ec2.terminate_instances(InstanceIds=ids + [spot["InstanceId"]])
ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=QUICK)
ec2.delete_security_group(GroupId=group)
ec2.delete_key_pair(KeyName="default")
print("done")
