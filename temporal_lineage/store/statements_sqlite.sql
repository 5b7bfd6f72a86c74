-- Written by the tests from statements.py with REWRITE=1; do not edit.

-- tx_at
SELECT tx.tx_id
FROM tx
WHERE tx.recorded_at <= :system ORDER BY tx.recorded_at DESC
LIMIT 1 OFFSET 0;

-- node
SELECT node.node_id
FROM node
WHERE node.kind = :kind AND node.parent_id = :parent_id AND node.name = :name;

-- named
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list);

-- nodes_named
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.kind = :kind AND node.parent_id = :parent_id AND node.name IN (SELECT names_list.value
FROM json_each(:names) AS names_list) ORDER BY node.node_id;

-- nodes_after
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.kind = :kind AND node.parent_id = :parent_id AND node.name >= :low ORDER BY node.name
LIMIT :limit OFFSET 0;

-- nodes
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.kind = :kind ORDER BY node.node_id;

-- children
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.kind = :kind AND node.parent_id = :parent_id ORDER BY node.node_id;

-- children_of
SELECT node.node_id, node.kind, node.parent_id, node.name
FROM node
WHERE node.kind = :kind AND node.parent_id IN (SELECT CAST(parents_list.value AS BIGINT) AS value
FROM json_each(:parents) AS parents_list) ORDER BY node.node_id;

-- attribute_history
SELECT attribute.name, attribute_assertion.valid_from, attribute_assertion.valid_to, tx.tx_id, tx.recorded_at, claim.body
FROM attribute JOIN attribute_assertion ON attribute_assertion.attribute_id = attribute.attribute_id AND attribute_assertion.rank >= :floor JOIN tx ON tx.tx_id = (-attribute_assertion.rank) / 65536 LEFT OUTER JOIN claim ON claim.claim_id = attribute_assertion.claim_id
WHERE attribute.node_id = :node_id AND attribute.kind = :kind AND attribute.name = :name ORDER BY attribute.name, attribute_assertion.rank DESC, attribute_assertion.valid_from;

-- attribute_histories
SELECT attribute.node_id, attribute.name, attribute_assertion.valid_from, attribute_assertion.valid_to, tx.tx_id, tx.recorded_at, claim.body
FROM attribute JOIN attribute_assertion ON attribute_assertion.attribute_id = attribute.attribute_id AND attribute_assertion.rank >= :floor JOIN tx ON tx.tx_id = (-attribute_assertion.rank) / 65536 LEFT OUTER JOIN claim ON claim.claim_id = attribute_assertion.claim_id
WHERE attribute.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND attribute.kind = :kind ORDER BY attribute.node_id, attribute.name, attribute_assertion.rank DESC, attribute_assertion.valid_from;

-- attribute_at
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.node_id = :node_id AND attribute.name = :name ORDER BY attribute.node_id, attribute.name;

-- attributes_by_name
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.name = :name ORDER BY attribute.node_id, attribute.name;

-- attributes_among
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.name IN (SELECT names_list.value
FROM json_each(:names) AS names_list) ORDER BY attribute.node_id, attribute.name;

-- attributes_between
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.name >= :low AND attribute.name < :high ORDER BY attribute.name, attribute.node_id
LIMIT :limit OFFSET 0;

-- attributes_between_last
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.name >= :low AND attribute.name < :high ORDER BY attribute.name DESC, attribute.node_id DESC
LIMIT :limit OFFSET 0;

-- claims_of
SELECT attribute.node_id, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END
WHERE attribute.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND attribute.kind = :kind AND attribute.name = '';

-- claims_holding
SELECT attribute.node_id, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END
WHERE attribute.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND attribute.kind = :kind AND claim.body LIKE :holding;

-- attributes_of
SELECT attribute.node_id, attribute.name, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM attribute_assertion AS newer_before
WHERE newer_before.attribute_id = found.attribute_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM attribute_assertion AS newer_after
WHERE newer_after.attribute_id = found.attribute_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM attribute LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.open_tx ELSE (-found.rank) / 65536 END
WHERE attribute.kind = :kind AND attribute.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) ORDER BY attribute.node_id, attribute.name;

-- edges_into
SELECT edge.edge_id, edge.kind, edge.src_id, edge.dst_id, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM edge_assertion AS newer_before
WHERE newer_before.edge_id = found.edge_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM edge_assertion AS newer_after
WHERE newer_after.edge_id = found.edge_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM edge LEFT OUTER JOIN edge_assertion AS found ON found.edge_id = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN edge.edge_id END AND found.rank = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN (SELECT candidate.rank
FROM edge_assertion AS candidate
WHERE candidate.edge_id = edge.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.open_tx ELSE (-found.rank) / 65536 END
WHERE edge.dst_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND edge.kind IN (SELECT kinds_list.value
FROM json_each(:kinds) AS kinds_list);

-- edges_out_of
SELECT edge.edge_id, edge.kind, edge.src_id, edge.dst_id, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.since ELSE coalesce((SELECT max(newer_before.valid_to) AS max_1
FROM edge_assertion AS newer_before
WHERE newer_before.edge_id = found.edge_id AND newer_before.rank >= :floor AND newer_before.rank < found.rank AND newer_before.valid_to <= :valid AND newer_before.valid_to > found.valid_from), found.valid_from) END AS anon_1, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN 9223372036854775807 ELSE coalesce((SELECT min(newer_after.valid_from) AS min_1
FROM edge_assertion AS newer_after
WHERE newer_after.edge_id = found.edge_id AND newer_after.rank >= :floor AND newer_after.rank < found.rank AND newer_after.valid_from > :valid AND newer_after.valid_from < found.valid_to), found.valid_to) END AS anon_2, CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.open_tx ELSE (-found.rank) / 65536 END AS anon_3, tx.recorded_at, claim.body
FROM edge LEFT OUTER JOIN edge_assertion AS found ON found.edge_id = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN edge.edge_id END AND found.rank = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN (SELECT candidate.rank
FROM edge_assertion AS candidate
WHERE candidate.edge_id = edge.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.claim_id ELSE found.claim_id END JOIN tx ON tx.tx_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.open_tx ELSE (-found.rank) / 65536 END
WHERE edge.src_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND edge.kind IN (SELECT kinds_list.value
FROM json_each(:kinds) AS kinds_list);

-- steps_into
SELECT edge.edge_id, edge.src_id, edge.dst_id, claim.body
FROM edge LEFT OUTER JOIN edge_assertion AS found ON found.edge_id = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN edge.edge_id END AND found.rank = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN (SELECT candidate.rank
FROM edge_assertion AS candidate
WHERE candidate.edge_id = edge.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.claim_id ELSE found.claim_id END
WHERE edge.dst_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND edge.kind IN (SELECT kinds_list.value
FROM json_each(:kinds) AS kinds_list);

-- steps_out_of
SELECT edge.edge_id, edge.src_id, edge.dst_id, claim.body
FROM edge LEFT OUTER JOIN edge_assertion AS found ON found.edge_id = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN edge.edge_id END AND found.rank = CASE WHEN (NOT (edge.last_tx <= :tx AND edge.since <= :valid)) THEN (SELECT candidate.rank
FROM edge_assertion AS candidate
WHERE candidate.edge_id = edge.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid JOIN claim ON claim.claim_id = CASE WHEN (edge.last_tx <= :tx AND edge.since <= :valid) THEN edge.claim_id ELSE found.claim_id END
WHERE edge.src_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND edge.kind IN (SELECT kinds_list.value
FROM json_each(:kinds) AS kinds_list);

-- edge_keys_into
SELECT edge.kind, edge.src_id, edge.dst_id
FROM edge
WHERE edge.dst_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND edge.kind IN (SELECT kinds_list.value
FROM json_each(:kinds) AS kinds_list);

-- edge_ends
SELECT edge.src_id, edge.dst_id
FROM edge
WHERE edge.edge_id = :edge_id;

-- edge_history
SELECT edge.edge_id, edge.kind, edge.src_id, edge.dst_id, edge_assertion.valid_from, edge_assertion.valid_to, tx.tx_id, tx.recorded_at, claim.body
FROM edge JOIN edge_assertion ON edge_assertion.edge_id = edge.edge_id AND edge_assertion.rank >= :floor JOIN tx ON tx.tx_id = (-edge_assertion.rank) / 65536 LEFT OUTER JOIN claim ON claim.claim_id = edge_assertion.claim_id
WHERE edge.edge_id IN (SELECT CAST(edges_list.value AS BIGINT) AS value
FROM json_each(:edges) AS edges_list) ORDER BY edge.edge_id, edge_assertion.rank DESC, edge_assertion.valid_from;

-- edge_lines
SELECT edge.src_id, edge.dst_id, edge_assertion.rank, edge_assertion.valid_from, edge_assertion.valid_to, claim.body
FROM json_each(:keys) AS keys_list JOIN edge ON edge.kind = (:kind || substr(keys_list.value, 1, 0)) AND edge.src_id = CAST(keys_list.value AS BIGINT) >> 31 AND edge.dst_id = CAST(keys_list.value AS BIGINT) & 2147483647 JOIN edge_assertion ON edge_assertion.edge_id = edge.edge_id AND edge_assertion.rank >= :floor LEFT OUTER JOIN claim ON claim.claim_id = edge_assertion.claim_id;

-- step_into
SELECT group_concat(found.far_id) FILTER (WHERE found.last_tx <= :tx AND found.since <= :valid AND found.claim_id > 0) AS anon_1, group_concat(found.far_id) FILTER (WHERE NOT (found.last_tx <= :tx AND found.since <= :valid)) AS anon_2, group_concat(found.edge_id) FILTER (WHERE NOT (found.last_tx <= :tx AND found.since <= :valid)) AS anon_3
FROM (SELECT edge.src_id AS far_id, edge.edge_id AS edge_id, edge.last_tx AS last_tx, edge.since AS since, edge.claim_id AS claim_id
FROM json_each(:nodes) AS nodes_list JOIN edge ON edge.dst_id = CAST(nodes_list.value AS BIGINT)
WHERE edge.kind = :kind) AS found;

-- step_out_of
SELECT group_concat(found.far_id) FILTER (WHERE found.last_tx <= :tx AND found.since <= :valid AND found.claim_id > 0) AS anon_1, group_concat(found.far_id) FILTER (WHERE NOT (found.last_tx <= :tx AND found.since <= :valid)) AS anon_2, group_concat(found.edge_id) FILTER (WHERE NOT (found.last_tx <= :tx AND found.since <= :valid)) AS anon_3
FROM (SELECT edge.dst_id AS far_id, edge.edge_id AS edge_id, edge.last_tx AS last_tx, edge.since AS since, edge.claim_id AS claim_id
FROM json_each(:nodes) AS nodes_list JOIN edge ON edge.src_id = CAST(nodes_list.value AS BIGINT)
WHERE edge.kind = :kind) AS found;

-- held_into
SELECT group_concat(found.far_id) AS joined_1
FROM (SELECT edge.src_id AS far_id, edge.edge_id AS edge_id, edge.last_tx AS last_tx, edge.since AS since, edge.claim_id AS claim_id
FROM json_each(:nodes) AS nodes_list JOIN edge ON edge.dst_id = CAST(nodes_list.value AS BIGINT)
WHERE edge.kind = :kind) AS found
WHERE CASE WHEN (found.last_tx <= :tx AND found.since <= :valid) THEN found.claim_id ELSE (SELECT candidate.claim_id
FROM edge_assertion AS candidate
WHERE candidate.edge_id = found.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END > 0;

-- held_out_of
SELECT group_concat(found.far_id) AS joined_1
FROM (SELECT edge.dst_id AS far_id, edge.edge_id AS edge_id, edge.last_tx AS last_tx, edge.since AS since, edge.claim_id AS claim_id
FROM json_each(:nodes) AS nodes_list JOIN edge ON edge.src_id = CAST(nodes_list.value AS BIGINT)
WHERE edge.kind = :kind) AS found
WHERE CASE WHEN (found.last_tx <= :tx AND found.since <= :valid) THEN found.claim_id ELSE (SELECT candidate.claim_id
FROM edge_assertion AS candidate
WHERE candidate.edge_id = found.edge_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END > 0;

-- held_by_history
SELECT group_concat(CAST(edges_list.value AS BIGINT)) AS joined_1
FROM json_each(:edges) AS edges_list
WHERE (SELECT candidate.claim_id
FROM edge_assertion AS candidate
WHERE candidate.edge_id = CAST(edges_list.value AS BIGINT) AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) > 0;

-- node_names
SELECT node.node_id, node.name
FROM json_each(:nodes) AS nodes_list JOIN node ON node.node_id = CAST(nodes_list.value AS BIGINT);

-- edges_told_since
SELECT edge.edge_id, edge.src_id, edge.dst_id, edge.last_tx, edge.since, edge.claim_id
FROM edge
WHERE edge.kind = :kind AND edge.last_tx > :after;

-- told_of_edges
SELECT edge_assertion.edge_id, edge_assertion.rank, edge_assertion.valid_from, edge_assertion.valid_to, edge_assertion.claim_id
FROM json_each(:edges) AS edges_list JOIN edge_assertion ON edge_assertion.edge_id = CAST(edges_list.value AS BIGINT);

-- places
SELECT place.node_id, place.dataset_id, place.line, place.position, place.files_known
FROM place
WHERE place.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list);

-- placed
SELECT place.node_id, place.dataset_id, place.line, place.position, place.files_known
FROM place
WHERE place.dataset_id = :dataset_id ORDER BY place.line, place.position;

-- placed_versions
SELECT node.name, place.node_id, place.dataset_id, place.line, place.position, place.files_known
FROM place JOIN node ON node.node_id = place.node_id
WHERE place.dataset_id IN (SELECT CAST(datasets_list.value AS BIGINT) AS value
FROM json_each(:datasets) AS datasets_list) ORDER BY place.dataset_id, place.line, place.position;

-- contributions_to
SELECT stood.node_id, contribution.commit_id, contribution.certainty
FROM (SELECT place.node_id AS node_id, place.dataset_id AS dataset_id, place.line AS line, place.position AS position
FROM place
WHERE place.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND place.tx_id <= :tx UNION ALL SELECT former_place.node_id AS node_id, former_place.dataset_id AS dataset_id, former_place.line AS line, former_place.position AS position
FROM former_place
WHERE former_place.node_id IN (SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list) AND former_place.tx_id <= :tx AND former_place.until_tx > :tx) AS stood JOIN contribution ON contribution.dataset_id = stood.dataset_id AND contribution.line = stood.line AND contribution.start <= stood.position AND contribution.stop > stood.position AND contribution.tx_id <= :tx ORDER BY stood.node_id, contribution.start, contribution.commit_id;

-- states_containing
SELECT contribution.commit_id, place.node_id, contribution.certainty
FROM contribution JOIN place ON contribution.dataset_id = place.dataset_id AND contribution.line = place.line AND contribution.start <= place.position AND contribution.stop > place.position AND contribution.tx_id <= :tx
WHERE contribution.commit_id IN (SELECT CAST(commits_list.value AS BIGINT) AS value
FROM json_each(:commits) AS commits_list) AND place.tx_id <= :tx
LIMIT :limit OFFSET 0;

-- read_states_containing
SELECT contribution.commit_id, place.node_id, contribution.certainty
FROM contribution JOIN place ON contribution.dataset_id = place.dataset_id AND contribution.line = place.line AND contribution.start <= place.position AND contribution.stop > place.position AND contribution.tx_id <= :tx
WHERE contribution.commit_id IN (SELECT CAST(commits_list.value AS BIGINT) AS value
FROM json_each(:commits) AS commits_list) AND place.tx_id <= :tx AND place.was_read = 1
LIMIT :limit OFFSET 0;

-- provenance_of
SELECT contribution.commit_id, contribution.certainty, node.kind, node.parent_id, node.name, claim.body
FROM (SELECT place.node_id AS node_id, place.dataset_id AS dataset_id, place.line AS line, place.position AS position
FROM place
WHERE place.node_id = :node_id AND place.tx_id <= :tx UNION ALL SELECT former_place.node_id AS node_id, former_place.dataset_id AS dataset_id, former_place.line AS line, former_place.position AS position
FROM former_place
WHERE former_place.node_id = :node_id AND former_place.tx_id <= :tx AND former_place.until_tx > :tx) AS stood JOIN contribution ON contribution.dataset_id = stood.dataset_id AND contribution.line = stood.line AND contribution.start <= stood.position AND contribution.stop > stood.position AND contribution.tx_id <= :tx LEFT OUTER JOIN node ON node.node_id = contribution.commit_id LEFT OUTER JOIN attribute ON attribute.node_id = contribution.commit_id AND attribute.kind = :kind AND attribute.name = '' LEFT OUTER JOIN attribute_assertion AS found ON found.attribute_id = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN attribute.attribute_id END AND found.rank = CASE WHEN (NOT (attribute.last_tx <= :tx AND attribute.since <= :valid)) THEN (SELECT candidate.rank
FROM attribute_assertion AS candidate
WHERE candidate.attribute_id = attribute.attribute_id AND candidate.rank >= :floor AND candidate.valid_from <= :valid AND candidate.valid_to > :valid ORDER BY candidate.rank
LIMIT 1 OFFSET 0) END AND found.valid_from <= :valid AND found.valid_to > :valid LEFT OUTER JOIN claim ON claim.claim_id = CASE WHEN (attribute.last_tx <= :tx AND attribute.since <= :valid) THEN attribute.claim_id ELSE found.claim_id END ORDER BY contribution.start, contribution.commit_id;

-- former_states_containing
SELECT contribution.commit_id, former_place.node_id, contribution.certainty
FROM former_place JOIN contribution ON contribution.dataset_id = former_place.dataset_id AND contribution.line = former_place.line AND contribution.start <= former_place.position AND contribution.stop > former_place.position AND contribution.tx_id <= :tx
WHERE former_place.tx_id <= :tx AND former_place.until_tx > :tx AND contribution.commit_id IN (SELECT CAST(commits_list.value AS BIGINT) AS value
FROM json_each(:commits) AS commits_list)
LIMIT :limit OFFSET 0;

-- with_files
SELECT place.node_id
FROM place
WHERE place.dataset_id = :dataset_id AND place.files_known = 1
LIMIT :limit OFFSET 0;

-- sources_among
SELECT CAST(nodes_list.value AS BIGINT) AS value
FROM json_each(:nodes) AS nodes_list
WHERE EXISTS (SELECT edge.edge_id
FROM edge
WHERE edge.src_id = CAST(nodes_list.value AS BIGINT));

-- live_files
SELECT file."key", file.path, file.content, file.size_bytes, file.row_count, file.masks, file_life.origin_id
FROM place JOIN file_life ON file_life.dataset_id = place.dataset_id AND file_life.line = place.line AND file_life.start <= place.position AND file_life.stop > place.position JOIN file ON file.file_id = file_life.file_id
WHERE place.node_id = :node_id ORDER BY file_life.start, file.file_id;

-- file_lives
SELECT file."key", file.path, file.content, file.size_bytes, file.row_count, file.masks, file_life.origin_id, file_life.line, file_life.start, file_life.stop, file_life.dataset_id
FROM file_life JOIN file ON file.file_id = file_life.file_id
WHERE file_life.dataset_id IN (SELECT CAST(datasets_list.value AS BIGINT) AS value
FROM json_each(:datasets) AS datasets_list);

-- file_lives_at
SELECT file."key", file.path, file.content, file.size_bytes, file.row_count, file.masks, file_life.origin_id, file_life.line, file_life.start, file_life.stop
FROM file_life JOIN file ON file.file_id = file_life.file_id
WHERE file_life.dataset_id = :dataset_id AND file_life.line = :line AND file_life.start <= :position AND file_life.stop > :position;

-- file_lives_of
SELECT file."key", file.path, file.content, file.size_bytes, file.row_count, file.masks, file_life.origin_id, file_life.line, file_life.start, file_life.stop, file_life.tx_id
FROM file_life JOIN file ON file.file_id = file_life.file_id
WHERE file.dataset_id = :dataset_id AND file.digest IN (SELECT digests_list.value
FROM json_each(:digests) AS digests_list);

-- contribution_rows
SELECT contribution.dataset_id, contribution.commit_id, contribution.line, contribution.start, contribution.stop, contribution.certainty
FROM contribution
WHERE contribution.dataset_id = :dataset_id;

-- contributions_at
SELECT contribution.dataset_id, contribution.commit_id, contribution.line, contribution.start, contribution.stop, contribution.certainty
FROM contribution
WHERE contribution.dataset_id = :dataset_id AND contribution.line = :line AND contribution.start <= :position AND contribution.stop > :position;

-- harvested_last
SELECT harvest.harvest_id
FROM harvest
WHERE harvest.dataset_id = :dataset_id ORDER BY harvest.harvest_id DESC
LIMIT 1 OFFSET 0;

-- harvest_rules
SELECT harvest.detail
FROM harvest
WHERE harvest.harvest_id = :harvest_id;

-- snapshots_known
SELECT count(*) AS count_1
FROM attribute
WHERE attribute.node_id = :dataset_id AND attribute.kind = 'snapshot';

-- uuid
SELECT ledger.uuid
FROM ledger;

-- system_bounds
SELECT (SELECT min(tx.recorded_at) AS min_1
FROM tx) AS anon_1, (SELECT max(tx.recorded_at) AS max_1
FROM tx) AS anon_2;

-- transactions
SELECT tx.tx_id, tx.recorded_at, tx.source, tx.note
FROM tx ORDER BY tx.tx_id DESC
LIMIT :limit OFFSET 0;

-- transactions_between
SELECT tx.tx_id, tx.recorded_at, tx.source, tx.note
FROM tx
WHERE tx.recorded_at > :after AND tx.recorded_at <= :until ORDER BY tx.recorded_at DESC
LIMIT :limit OFFSET 0;

-- harvests
SELECT harvest.harvest_id, harvest.name, harvest.dataset_id, harvest.head, harvest.outcome, harvest.detail, tx.recorded_at, tx.tx_id
FROM harvest JOIN tx ON tx.tx_id = harvest.tx_id
WHERE harvest.dataset_id = :dataset_id ORDER BY harvest.harvest_id;

-- last_harvest
SELECT harvest.harvest_id, harvest.name, harvest.dataset_id, harvest.head, harvest.outcome, harvest.detail, tx.recorded_at, tx.tx_id
FROM harvest JOIN tx ON tx.tx_id = harvest.tx_id
WHERE harvest.name = :name ORDER BY harvest.harvest_id DESC
LIMIT :limit OFFSET 0;

-- events
SELECT event.event_id, event.run_id, event.source, event.body, tx.recorded_at, tx.tx_id
FROM event JOIN tx ON tx.tx_id = event.tx_id
WHERE event.run_id = :run_id ORDER BY event.event_id;

-- events_of
SELECT event.event_id, event.run_id, event.source, event.body, tx.recorded_at, tx.tx_id
FROM event JOIN tx ON tx.tx_id = event.tx_id
WHERE event.run_id IN (SELECT run_ids_list.value
FROM json_each(:run_ids) AS run_ids_list) ORDER BY event.event_id;

-- event_run_ids
SELECT event.run_id
FROM event
WHERE event.tx_id > :after_tx AND event.tx_id <= :upto_tx;

-- runs_arrived
SELECT count(DISTINCT event.run_id) AS count_1
FROM event
WHERE event.tx_id IN (SELECT CAST(tx_ids_list.value AS BIGINT) AS value
FROM json_each(:tx_ids) AS tx_ids_list) AND event.run_id != '' AND substr(event.run_id, 1, 4) != 'job:' AND substr(event.run_id, 1, 8) != 'dataset:';

-- linked_upto
SELECT max(linked.upto_tx) AS max_1
FROM linked;

-- events_after
SELECT event.tx_id, count(*) AS count_1
FROM event
WHERE event.tx_id > :after_tx GROUP BY event.tx_id ORDER BY event.tx_id
LIMIT :limit OFFSET 0;

-- blobs
SELECT blob.witness, blob.body
FROM blob
WHERE blob.dataset_id = :dataset_id ORDER BY blob.blob_id;

-- blob_witnesses
SELECT DISTINCT blob.witness
FROM blob
WHERE blob.dataset_id = :dataset_id;

-- nodes_by_key
SELECT node.parent_id, node.name, node.node_id
FROM json_each(:keys) AS keys_list JOIN node ON node.kind = (:kind || substr(keys_list.value, 1, 0)) AND node.parent_id = CAST(json_extract(keys_list.value, '$[0]') AS BIGINT) AND node.name = CAST(json_extract(keys_list.value, '$[1]') AS TEXT);

-- attribute_states
SELECT attribute.node_id, attribute.name, attribute.attribute_id, attribute.last_tx, attribute.since, attribute.open_tx, attribute.claim_id
FROM json_each(:keys) AS keys_list JOIN attribute ON attribute.kind = (:kind || substr(keys_list.value, 1, 0)) AND attribute.node_id = CAST(json_extract(keys_list.value, '$[0]') AS BIGINT) AND attribute.name = CAST(json_extract(keys_list.value, '$[1]') AS TEXT);

-- edge_states
SELECT edge.src_id, edge.dst_id, edge.edge_id, edge.last_tx, edge.since, edge.open_tx, edge.claim_id
FROM json_each(:keys) AS keys_list JOIN edge ON edge.kind = (:kind || substr(keys_list.value, 1, 0)) AND edge.src_id = CAST(keys_list.value AS BIGINT) >> 31 AND edge.dst_id = CAST(keys_list.value AS BIGINT) & 2147483647;

-- claims_by_digest
SELECT claim.digest, claim.claim_id
FROM claim
WHERE claim.digest IN (SELECT digests_list.value
FROM json_each(:digests) AS digests_list);

-- files_by_digest
SELECT file.digest, file.file_id
FROM file
WHERE file.dataset_id = :dataset_id AND file.digest IN (SELECT digests_list.value
FROM json_each(:digests) AS digests_list);

-- blobs_by_digest
SELECT blob.digest
FROM blob
WHERE blob.digest IN (SELECT digests_list.value
FROM json_each(:digests) AS digests_list);

-- events_by_digest
SELECT event.digest
FROM event
WHERE event.digest IN (SELECT digests_list.value
FROM json_each(:digests) AS digests_list);

-- edge_log
SELECT edge_assertion.edge_id, edge_assertion.rank, edge_assertion.valid_from, edge_assertion.valid_to, edge_assertion.claim_id
FROM edge_assertion
WHERE edge_assertion.edge_id >= :first AND edge_assertion.edge_id < :stop ORDER BY edge_assertion.edge_id, edge_assertion.rank DESC, edge_assertion.valid_from;

-- attribute_log
SELECT attribute_assertion.attribute_id, attribute_assertion.rank, attribute_assertion.valid_from, attribute_assertion.valid_to, attribute_assertion.claim_id
FROM attribute_assertion
WHERE attribute_assertion.attribute_id >= :first AND attribute_assertion.attribute_id < :stop ORDER BY attribute_assertion.attribute_id, attribute_assertion.rank DESC, attribute_assertion.valid_from;

-- edge_kept_states
SELECT edge.edge_id, edge.last_tx, edge.since, edge.open_tx, edge.claim_id
FROM edge
WHERE edge.edge_id >= :first AND edge.edge_id < :stop;

-- attribute_kept_states
SELECT attribute.attribute_id, attribute.last_tx, attribute.since, attribute.open_tx, attribute.claim_id
FROM attribute
WHERE attribute.attribute_id >= :first AND attribute.attribute_id < :stop;

-- node_max
SELECT max(node.node_id) AS max_1
FROM node;

-- claim_max
SELECT max(claim.claim_id) AS max_1
FROM claim;

-- edge_max
SELECT max(edge.edge_id) AS max_1
FROM edge;

-- attribute_max
SELECT max(attribute.attribute_id) AS max_1
FROM attribute;

-- file_max
SELECT max(file.file_id) AS max_1
FROM file;

-- harvest_max
SELECT max(harvest.harvest_id) AS max_1
FROM harvest;

-- blob_max
SELECT max(blob.blob_id) AS max_1
FROM blob;

-- event_max
SELECT max(event.event_id) AS max_1
FROM event;
