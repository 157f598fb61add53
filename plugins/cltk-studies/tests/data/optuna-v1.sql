BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'small');
INSERT INTO "studies" VALUES(2,'search');
INSERT INTO "studies" VALUES(3,'search-test');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MAXIMIZE',3,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'cltk_study','{"schema": "cltk.study/1", "kind": "ablation", "name": "small", "description": "As small as it can be", "baseline": "lr=0.001", "seeds": [0, 1], "cells": [{"name": "lr=0.001", "settings": {"strategy": {"classifier": {"lr": 0.001}}}, "experiment": {"name": "small", "description": "As small as it can be", "seeds": [0, 1], "evaluate": "test", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.0, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "strategy": {"name": "finetune", "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "config_hash": "63ef0ba34397"}, {"name": "lr=0.01", "settings": {"strategy": {"classifier": {"lr": 0.01}}}, "experiment": {"name": "small", "description": "As small as it can be", "seeds": [0, 1], "evaluate": "test", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.0, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "strategy": {"name": "finetune", "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.01, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "config_hash": "fa2e1a8ef9b8"}]}');
INSERT INTO "study_user_attributes" VALUES(2,1,'cltk_fingerprint','{"kind": "ablation", "seeds": [0, 1], "baseline": "lr=0.001", "cells": {"lr=0.001": "63ef0ba34397", "lr=0.01": "fa2e1a8ef9b8"}}');
INSERT INTO "study_user_attributes" VALUES(3,2,'cltk_study','{"schema": "cltk.search/1", "name": "search", "description": "", "experiment": {"name": "search", "description": "", "seeds": [0], "evaluate": "validation", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.1, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "schedule": {"name": "fixed"}, "strategy": {"name": "experience-replay", "buffer": 500, "replay": {"refresh": "iteration", "weighting": "task"}, "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "schedule": "manual", "counts": "counts", "sizes": [40, 40, 40, 40, 40], "budget": 50, "dimensions": {}, "seeds": [0], "test_seeds": [1]}');
INSERT INTO "study_user_attributes" VALUES(4,2,'cltk_fingerprint','{"kind": "tuning", "name": "search", "experiment": {"name": "search", "description": "", "seeds": [0], "evaluate": "validation", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.1, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "schedule": {"name": "fixed"}, "strategy": {"name": "experience-replay", "buffer": 500, "replay": {"refresh": "iteration", "weighting": "task"}, "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "schedule": "manual", "counts": "counts", "sizes": [40, 40, 40, 40, 40], "budget": 50, "dimensions": {}, "seeds": [0], "test_seeds": [1]}');
INSERT INTO "study_user_attributes" VALUES(5,3,'cltk_study','{"schema": "cltk.study/1", "kind": "ablation", "name": "search-test", "description": "search: the chosen counts against others of the same sum, on test data", "baseline": "fixed = equal", "seeds": [1], "cells": [{"name": "chosen = linear", "settings": {"counts": [0, 5, 10, 15, 20]}, "experiment": {"name": "search-test", "description": "", "seeds": [1], "evaluate": "test", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.1, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "schedule": {"name": "manual", "counts": [0, 5, 10, 15, 20]}, "strategy": {"name": "experience-replay", "buffer": 500, "replay": {"refresh": "iteration", "weighting": "task"}, "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "config_hash": "978d22201f9f"}, {"name": "fixed = equal", "settings": {"counts": [0, 13, 13, 12, 12]}, "experiment": {"name": "search-test", "description": "", "seeds": [1], "evaluate": "test", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.1, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "schedule": {"name": "manual", "counts": [0, 13, 13, 12, 12]}, "strategy": {"name": "experience-replay", "buffer": 500, "replay": {"refresh": "iteration", "weighting": "task"}, "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "config_hash": "99d9cde2e5ce"}, {"name": "none", "settings": {"counts": [0, 0, 0, 0, 0]}, "experiment": {"name": "search-test", "description": "", "seeds": [1], "evaluate": "test", "on_divergence": "stop", "scenario": {"name": "split-digits", "tasks": 5, "setting": "class", "validation": 0.1, "per_class": 20}, "classifier": {"name": "mlp", "hidden": [50, 50], "dropout": 0.1}, "schedule": {"name": "manual", "counts": [0, 0, 0, 0, 0]}, "strategy": {"name": "experience-replay", "buffer": 500, "replay": {"refresh": "iteration", "weighting": "task"}, "classifier": {"epochs": 1, "min_steps": 0, "batch_size": 128, "optimizer": "adam", "lr": 0.001, "lr_schedule": "constant", "weight_decay": 1e-05}}, "metrics": [{"name": "chaudhry-forgetting"}, {"name": "diaz-accuracy"}, {"name": "diaz-bwt"}, {"name": "diaz-bwt-plus"}, {"name": "diaz-ce", "epsilon": 1.0}, {"name": "diaz-cl-score", "accuracy": 1.0, "rem": 1.0, "bwt_plus": 1.0, "fwt": 1.0, "ms": 1.0, "sss": 1.0, "ce": 1.0, "epsilon": 1.0}, {"name": "diaz-fwt"}, {"name": "diaz-ms"}, {"name": "diaz-rem"}, {"name": "diaz-sss"}, {"name": "final-average-accuracy"}, {"name": "lopez-paz-bwt"}, {"name": "lopez-paz-fwt"}]}, "config_hash": "7a2b8f6b654b"}]}');
INSERT INTO "study_user_attributes" VALUES(6,3,'cltk_fingerprint','{"kind": "ablation", "seeds": [1], "baseline": "fixed = equal", "cells": {"chosen = linear": "978d22201f9f", "fixed = equal": "99d9cde2e5ce", "none": "7a2b8f6b654b"}}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,5,'share.1',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(2,5,'share.2',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(3,5,'share.3',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(4,5,'share.4',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(5,6,'share.1',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(6,6,'share.2',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(7,6,'share.3',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(8,6,'share.4',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(9,7,'share.1',0.25,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(10,7,'share.2',0.5,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(11,7,'share.3',0.75,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(12,7,'share.4',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(4,4,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(5,5,'fixed_params','{"share.1": 0.0, "share.2": 0.0, "share.3": 0.0, "share.4": 0.0}');
INSERT INTO "trial_system_attributes" VALUES(6,6,'fixed_params','{"share.1": 1.0, "share.2": 1.0, "share.3": 1.0, "share.4": 1.0}');
INSERT INTO "trial_system_attributes" VALUES(7,7,'fixed_params','{"share.1": 0.25, "share.2": 0.5, "share.3": 0.75, "share.4": 1.0}');
INSERT INTO "trial_system_attributes" VALUES(8,8,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(9,9,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(10,10,'fixed_params','{}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'cell','"lr=0.001"');
INSERT INTO "trial_user_attributes" VALUES(2,1,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(3,1,'key','"63ef0ba34397-0"');
INSERT INTO "trial_user_attributes" VALUES(4,2,'cell','"lr=0.01"');
INSERT INTO "trial_user_attributes" VALUES(5,2,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(6,2,'key','"fa2e1a8ef9b8-0"');
INSERT INTO "trial_user_attributes" VALUES(7,3,'cell','"lr=0.001"');
INSERT INTO "trial_user_attributes" VALUES(8,3,'seed','1');
INSERT INTO "trial_user_attributes" VALUES(9,3,'key','"63ef0ba34397-1"');
INSERT INTO "trial_user_attributes" VALUES(10,4,'cell','"lr=0.01"');
INSERT INTO "trial_user_attributes" VALUES(11,4,'seed','1');
INSERT INTO "trial_user_attributes" VALUES(12,4,'key','"fa2e1a8ef9b8-1"');
INSERT INTO "trial_user_attributes" VALUES(13,1,'worker','{"host": "laptop", "pid": 7493, "started": "6583362"}');
INSERT INTO "trial_user_attributes" VALUES(14,1,'run_ids','["small-410869650c56-seed0"]');
INSERT INTO "trial_user_attributes" VALUES(15,2,'worker','{"host": "laptop", "pid": 7493, "started": "6583362"}');
INSERT INTO "trial_user_attributes" VALUES(16,2,'run_ids','["small-412a23c654a2-seed0"]');
INSERT INTO "trial_user_attributes" VALUES(17,3,'worker','{"host": "laptop", "pid": 7493, "started": "6583362"}');
INSERT INTO "trial_user_attributes" VALUES(18,3,'run_ids','["small-34c46625a49a-seed1"]');
INSERT INTO "trial_user_attributes" VALUES(19,4,'worker','{"host": "laptop", "pid": 7493, "started": "6583362"}');
INSERT INTO "trial_user_attributes" VALUES(20,4,'run_ids','["small-dc07e2b1977f-seed1"]');
INSERT INTO "trial_user_attributes" VALUES(21,5,'label','"zero"');
INSERT INTO "trial_user_attributes" VALUES(22,5,'key','"zero"');
INSERT INTO "trial_user_attributes" VALUES(23,6,'label','"uniform"');
INSERT INTO "trial_user_attributes" VALUES(24,6,'key','"uniform"');
INSERT INTO "trial_user_attributes" VALUES(25,7,'label','"linear"');
INSERT INTO "trial_user_attributes" VALUES(26,7,'key','"linear"');
INSERT INTO "trial_user_attributes" VALUES(27,5,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(28,5,'run_ids','["search-be09baa78d5d-seed0"]');
INSERT INTO "trial_user_attributes" VALUES(29,5,'config_hash','"78e71f48194d"');
INSERT INTO "trial_user_attributes" VALUES(30,5,'replayed','[0, 0, 0, 0, 0]');
INSERT INTO "trial_user_attributes" VALUES(31,6,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(32,6,'run_ids','["search-ae8c5c17062c-seed0"]');
INSERT INTO "trial_user_attributes" VALUES(33,6,'config_hash','"495d3717eff0"');
INSERT INTO "trial_user_attributes" VALUES(34,6,'replayed','[0, 13, 13, 12, 12]');
INSERT INTO "trial_user_attributes" VALUES(35,7,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(36,7,'run_ids','["search-192fd31bbc26-seed0"]');
INSERT INTO "trial_user_attributes" VALUES(37,7,'config_hash','"53da3f051740"');
INSERT INTO "trial_user_attributes" VALUES(38,7,'replayed','[0, 5, 10, 15, 20]');
INSERT INTO "trial_user_attributes" VALUES(39,8,'cell','"chosen = linear"');
INSERT INTO "trial_user_attributes" VALUES(40,8,'seed','1');
INSERT INTO "trial_user_attributes" VALUES(41,8,'key','"978d22201f9f-1"');
INSERT INTO "trial_user_attributes" VALUES(42,9,'cell','"fixed = equal"');
INSERT INTO "trial_user_attributes" VALUES(43,9,'seed','1');
INSERT INTO "trial_user_attributes" VALUES(44,9,'key','"99d9cde2e5ce-1"');
INSERT INTO "trial_user_attributes" VALUES(45,10,'cell','"none"');
INSERT INTO "trial_user_attributes" VALUES(46,10,'seed','1');
INSERT INTO "trial_user_attributes" VALUES(47,10,'key','"7a2b8f6b654b-1"');
INSERT INTO "trial_user_attributes" VALUES(48,8,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(49,8,'run_ids','["search-test-367a22ce911b-seed1"]');
INSERT INTO "trial_user_attributes" VALUES(50,9,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(51,9,'run_ids','["search-test-b6533969ba9d-seed1"]');
INSERT INTO "trial_user_attributes" VALUES(52,10,'worker','{"host": "laptop", "pid": 8023, "started": "6598136"}');
INSERT INTO "trial_user_attributes" VALUES(53,10,'run_ids','["search-test-8589747fb6c0-seed1"]');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,3.0751173708920186145e-02,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,1.99843505477308280848e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,1.51369327073552412121e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,4,0,1.23630672926447582327e-01,'FINITE');
INSERT INTO "trial_values" VALUES(5,5,0,4.13793103448275925715e-02,'FINITE');
INSERT INTO "trial_values" VALUES(6,6,0,1.03448275862068977959e-01,'FINITE');
INSERT INTO "trial_values" VALUES(7,7,0,1.31034482758620673958e-01,'FINITE');
INSERT INTO "trial_values" VALUES(8,8,0,1.65062597809076672117e-01,'FINITE');
INSERT INTO "trial_values" VALUES(9,9,0,1.08568075117370904658e-01,'FINITE');
INSERT INTO "trial_values" VALUES(10,10,0,1.48591549295774644212e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 10:11:57.312424','2026-11-28 10:11:58.265269');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 10:11:58.501154','2026-11-28 10:11:59.411907');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 10:11:59.785569','2026-11-28 10:12:00.807530');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-28 10:12:01.123362','2026-11-28 10:12:01.971995');
INSERT INTO "trials" VALUES(5,0,2,'COMPLETE','2026-11-28 10:14:05.625871','2026-11-28 10:14:06.681021');
INSERT INTO "trials" VALUES(6,1,2,'COMPLETE','2026-11-28 10:14:06.714989','2026-11-28 10:14:06.908043');
INSERT INTO "trials" VALUES(7,2,2,'COMPLETE','2026-11-28 10:14:06.930230','2026-11-28 10:14:07.064872');
INSERT INTO "trials" VALUES(8,0,3,'COMPLETE','2026-11-28 10:16:36.191205','2026-11-28 10:16:38.439405');
INSERT INTO "trials" VALUES(9,1,3,'COMPLETE','2026-11-28 10:16:39.019172','2026-11-28 10:16:41.075451');
INSERT INTO "trials" VALUES(10,2,3,'COMPLETE','2026-11-28 10:16:41.610571','2026-11-28 10:16:43.543901');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
