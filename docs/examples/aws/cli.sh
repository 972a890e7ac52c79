#!/bin/sh
# One router by AWS' client. Before, once for each region:
#     daybreak image publish aws build/vrouter --region "$AWS_REGION"
# user-data is the Day-1 data of ../cloud.yaml. SUBNET, LEFT, RIGHT: subnets of one zone; ACCESS: a security group that lets
# SSH and NETCONF (830) in; OPEN: one for the data plane.
set -eu
: "${IMAGE:?ami-…}" "${SUBNET:?subnet-…}" "${LEFT:?subnet-…}" "${RIGHT:?subnet-…}" "${ACCESS:?sg-…}" "${OPEN:?sg-…}"
here=$(dirname "$0")
id=$(aws ec2 run-instances --image-id "$IMAGE" --instance-type c6in.large --user-data "file://$here/../user-data" \
    --metadata-options HttpTokens=required,HttpPutResponseHopLimit=1 \
    --network-interfaces "DeviceIndex=0,SubnetId=$SUBNET,Groups=$ACCESS" \
        "DeviceIndex=1,SubnetId=$LEFT,Groups=$OPEN" "DeviceIndex=2,SubnetId=$RIGHT,Groups=$OPEN" \
    --tag-specifications 'ResourceType=instance,Tags=[{Key=Name,Value=vr1}]' \
    --query 'Instances[0].InstanceId' --output text)
# A router's packets come from and go to addresses that are not its own.
# shellcheck disable=SC2016  # the backquotes are of the query's language
for interface in $(aws ec2 describe-instances --instance-ids "$id" --output text \
    --query 'Reservations[0].Instances[0].NetworkInterfaces[?Attachment.DeviceIndex>`0`].NetworkInterfaceId'); do
    aws ec2 modify-network-interface-attribute --network-interface-id "$interface" --no-source-dest-check
done
echo "$id"
