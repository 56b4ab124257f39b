-- Takes back 0010.imports.

drop table import_leftover, import_progress;
