"""Facets of OpenLineage: what they say becomes values, whatever version of the spec wrote them."""

import json

from reading_stories import DATASET, RUN, output_of, run_of
from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import (
    ColumnSource,
    DatasetSource,
    EngineKey,
    JobName,
    JobSource,
    KeyKind,
    Lifecycle,
    ReadOption,
    Statistics,
    Transformation,
)
from temporal_lineage.capture.openlineage_numbers import Rounded


def test_an_id_that_was_written_as_a_double_says_what_is_left_of_it() -> None:
    precise = output_of({}, outputFacets={"icebergCommitReport": {"snapshotId": 2**62 + 1}})
    assert precise.commit_snapshot_id == 2**62 + 1
    rounded = output_of({}, outputFacets={"icebergCommitReport": {"snapshotId": 4.6e18}})
    assert rounded.commit_snapshot_id == Rounded(4.6e18)
    small = output_of({"icebergScanReport": {"snapshotId": 7.0}})
    assert small.scan_snapshot_id == 7
    assert output_of({"icebergScanReport": {"snapshotId": -1}}).scan_snapshot_id is None


def test_trino_tells_what_its_connector_read() -> None:
    assert output_of({"connectorInfo": {"snapshotId": "88"}}).connector_snapshot_id == 88
    assert output_of({}, inputFacets={"connectorInfo": {"version": 3}}).connector_snapshot_id == 3


def test_facets_of_a_dataset_are_typed() -> None:
    found = output_of(
        {
            "version": {"datasetVersion": " 12 "},
            "symlinks": {
                "identifiers": [{"namespace": "hive://h", "name": "d.t", "type": "TABLE"}, {}]
            },
            "schema": {
                "fields": [
                    {"name": "a", "type": "struct", "fields": [{"name": "b", "type": "long"}]},
                    {"name": "c"},
                ]
            },
            "lifecycleStateChange": {
                "lifecycleStateChange": "rename",
                "previousIdentifier": {"namespace": "s3://b", "name": "old"},
            },
            "subset": {"outputCondition": {"type": "location", "locations": []}, "_producer": "p"},
        },
        outputFacets={"outputStatistics": {"rowCount": 5, "size": 70}},
    )
    assert found.version == "12"
    assert found.symlinks == (Dataset("hive://h", "d.t"),)
    assert found.fields == (("a", "struct"), ("a.b", "long"), ("c", None))
    assert found.lifecycle == Lifecycle("RENAME", Dataset("s3://b", "old"))
    assert found.statistics == Statistics(rows=5, bytes=70, files=None)
    assert found.subset == '{"outputCondition":{"locations":[],"type":"location"}}'


def test_a_facet_that_was_deleted_is_not_there() -> None:
    assert output_of({"version": {"_deleted": True, "datasetVersion": "1"}}).version is None
    assert output_of({"columnLineage": {"_deleted": True}}).columns is None


def test_column_lineage_of_every_version_of_the_facet_is_read() -> None:
    source = {**DATASET, "field": "a"}
    new = output_of(
        {
            "columnLineage": {
                "fields": {
                    "x": {
                        "inputFields": [
                            {
                                **source,
                                "transformations": [
                                    {"type": "DIRECT", "subtype": "IDENTITY", "masking": False}
                                ],
                            }
                        ]
                    }
                },
                "dataset": [{**source, "transformations": [{"type": "INDIRECT"}]}],
            }
        }
    ).columns
    old = output_of(
        {
            "columnLineage": {
                "fields": {"x": {"inputFields": [source], "transformationType": "MASKED"}}
            }
        }
    ).columns
    dataset = Dataset("s3://b", "t")
    identity = Transformation("DIRECT", "IDENTITY", masking=False)
    assert new.columns[0].inputs == (ColumnSource(dataset, "a", (identity,)),)
    assert new.whole == (ColumnSource(dataset, "a", (Transformation("INDIRECT", None, None),)),)
    masked = Transformation("DIRECT", None, masking=True)
    assert old.columns[0].inputs == (ColumnSource(dataset, "a", (masked,)),)


def test_explicit_lineage_names_datasets_jobs_and_the_events_own_job() -> None:
    entries = [
        {**DATASET, "type": "DATASET", "inputs": [{"type": "JOB"}, {**DATASET, "type": "DATASET"}]},
        {"type": "JOB", "inputs": []},
        {**DATASET, "type": "DATASET"},
    ]
    job = {"namespace": "n", "name": "j", "facets": {"lineage": {"entries": entries}}}
    first, second, third = run_of(job=job).lineage
    dataset, own = Dataset("s3://b", "t"), JobName("n", "j")
    assert first.inputs == (JobSource(own, None, ()), DatasetSource(dataset, None, ()))
    assert (second.target, second.inputs) == (own, ())
    assert (third.target, third.inputs) == (dataset, None)


def test_the_names_that_engines_give_a_run_become_keys() -> None:
    facets = {
        "spark_applicationDetails": {"applicationId": "app-1"},
        "spark_properties": {"properties": {"spark.app.id": "app-1"}},
        "flink_job": {"jobId": "f"},
        "environment-properties": {
            "environment-properties": {"spark.databricks.job.id": 12, "spark.master": "local"}
        },
        "externalQuery": {"source": "trino", "externalQueryId": "20261117_090000_00001_abcde"},
    }
    assert run_of(run={"runId": RUN, "facets": facets}).keys == (
        EngineKey(KeyKind.DATABRICKS_JOB, "12"),
        EngineKey(KeyKind.FLINK_JOB, "f"),
        EngineKey(KeyKind.SPARK_APPLICATION, "app-1"),
        EngineKey(KeyKind.TRINO_QUERY, "20261117_090000_00001_abcde"),
    )


def test_time_travel_options_are_found_in_a_plan() -> None:
    plan = [{"class": "Relation", "options": {"path": "/lake/t", "versionAsOf": 3, "x": "y"}}]
    facets = {"spark.logicalPlan": {"plan": plan}}
    expected = (ReadOption("/lake/t", "versionAsOf", "3"),)
    assert run_of(run={"runId": RUN, "facets": facets}).options == expected
    as_text = {"spark.logicalPlan": json.dumps(plan)}
    assert run_of(run={"runId": RUN, "facets": as_text}).options == expected


def test_a_parent_and_its_root_are_read_under_both_names() -> None:
    parent = {
        "run": {"runId": RUN},
        "job": {"namespace": "a", "name": "b"},
        "root": {"run": {"runId": "x"}, "job": {"namespace": "c", "name": "d"}},
    }
    new = run_of(run={"runId": "r", "facets": {"parent": parent}}).parent
    assert new is not None
    assert (new.run_id, new.root_run_id, new.root_job) == (RUN.lower(), "x", JobName("c", "d"))
    assert run_of(run={"runId": "r", "facets": {"parentRun": parent}}).parent == new


def test_the_data_source_is_no_name_of_the_table() -> None:
    uri = "postgres://somebody:secret@db:5432/shop"
    found = output_of({"dataSource": {"name": "shop", "uri": uri}})
    assert found == output_of({})
