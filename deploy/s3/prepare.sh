#!/bin/sh
# The bucket, and a user who can reach nothing but it. May be run again.
set -eu

mc --quiet alias set admin http://s3:9000 "$S3_ROOT_USER" "$S3_ROOT_PASSWORD"
mc --quiet mb --ignore-existing "admin/$S3_BUCKET"

cat > /tmp/policy.json <<POLICY
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
      "Resource": ["arn:aws:s3:::$S3_BUCKET"]
    },
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      "Resource": ["arn:aws:s3:::$S3_BUCKET/*"]
    }
  ]
}
POLICY
mc --quiet admin policy create admin touchstone /tmp/policy.json
mc --quiet admin user add admin "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY"
# attaching what is attached already is an error; whether it holds is seen below
mc --quiet admin policy attach admin touchstone --user "$S3_ACCESS_KEY_ID" || true

mc --quiet alias set service http://s3:9000 "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY"
mc --quiet ls "service/$S3_BUCKET" > /dev/null
