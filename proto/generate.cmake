# Generates C++ for all protos at once, and writes only the files that differ: an edited proto has what depends on it
# compiled again, and nothing else.
#   cmake -DPROTOC=… -DPLUGIN=… -DINCLUDE="-I…;…" -DFILES="…;…" -DOUT=… -P generate.cmake
set(fresh ${OUT}/fresh)
file(REMOVE_RECURSE ${fresh})
file(MAKE_DIRECTORY ${fresh})
set(services ${FILES})
list(FILTER services INCLUDE REGEX "_service\\.proto$")
execute_process(COMMAND ${PROTOC} ${INCLUDE} --cpp_out=${fresh} ${FILES} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PROTOC} ${INCLUDE} --grpc_out=${fresh} --plugin=protoc-gen-grpc=${PLUGIN} ${services}
  COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE made RELATIVE ${fresh} ${fresh}/*)
foreach(file ${made})
  get_filename_component(folder ${OUT}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  file(COPY_FILE ${fresh}/${file} ${OUT}/${file} ONLY_IF_DIFFERENT)
endforeach()
file(REMOVE_RECURSE ${fresh})
