# SPDX-License-Identifier: ISC
# Turn SQL files into a header: one string per file, named after its path
# (schema.sql -> sql_schema, upgrades/1.sql -> sql_upgrade_1).
set(text "/* Made from schema/ by schema/embed.cmake. */\n")
separate_arguments(FILES)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  get_filename_component(dir ${file} DIRECTORY)
  get_filename_component(dir ${dir} NAME)
  if(dir STREQUAL "upgrades")
    set(name "upgrade_${name}")
  endif()
  file(READ ${file} sql)
  string(REPLACE "\\" "\\\\" sql "${sql}")
  string(REPLACE "\"" "\\\"" sql "${sql}")
  string(REPLACE "\n" "\\n\"\n\"" sql "${sql}")
  string(APPEND text "static const char sql_${name}[] =\n\"${sql}\";\n")
endforeach()
file(WRITE ${OUT} "${text}")
