// PostgreSQL 15's built-in scalar, range and pseudo-types, as pg_type lists them; data for type-info.ts.
//
// Format: 21 fields a type, separated by white space: oid typname typlen typbyval typtype typcategory typispreferred
// typalign typstorage typdelim typcollation typelem typarray typsubscript, then name:oid of the functions typinput
// typoutput typreceive typsend typmodin typmodout typanalyze; '-' where there is none.

export const BUILTIN_TYPE_ROWS = `
16 bool 1 t b B t c p , 0 0 1000 - boolin:1242 boolout:1243 boolrecv:2436 boolsend:2437 - - -
17 bytea -1 f b U f i x , 0 0 1001 - byteain:1244 byteaout:31 bytearecv:2412 byteasend:2413 - - -
18 char 1 t b Z f c p , 0 0 1002 - charin:1245 charout:33 charrecv:2434 charsend:2435 - - -
19 name 64 f b S f c p , 950 18 1003 raw_array_subscript_handler namein:34 nameout:35 namerecv:2422 namesend:2423 - - -
20 int8 8 t b N f d p , 0 0 1016 - int8in:460 int8out:461 int8recv:2408 int8send:2409 - - -
21 int2 2 t b N f s p , 0 0 1005 - int2in:38 int2out:39 int2recv:2404 int2send:2405 - - -
22 int2vector -1 f b A f i p , 0 21 1006 array_subscript_handler
  int2vectorin:40 int2vectorout:41 int2vectorrecv:2410 int2vectorsend:2411 - - -
23 int4 4 t b N f i p , 0 0 1007 - int4in:42 int4out:43 int4recv:2406 int4send:2407 - - -
24 regproc 4 t b N f i p , 0 0 1008 - regprocin:44 regprocout:45 regprocrecv:2444 regprocsend:2445 - - -
25 text -1 f b S t i x , 100 0 1009 - textin:46 textout:47 textrecv:2414 textsend:2415 - - -
26 oid 4 t b N t i p , 0 0 1028 - oidin:1798 oidout:1799 oidrecv:2418 oidsend:2419 - - -
27 tid 6 f b U f s p , 0 0 1010 - tidin:48 tidout:49 tidrecv:2438 tidsend:2439 - - -
28 xid 4 t b U f i p , 0 0 1011 - xidin:50 xidout:51 xidrecv:2440 xidsend:2441 - - -
29 cid 4 t b U f i p , 0 0 1012 - cidin:52 cidout:53 cidrecv:2442 cidsend:2443 - - -
30 oidvector -1 f b A f i p , 0 26 1013 array_subscript_handler
  oidvectorin:54 oidvectorout:55 oidvectorrecv:2420 oidvectorsend:2421 - - -
32 pg_ddl_command 8 t p P f d p , 0 0 0 -
  pg_ddl_command_in:86 pg_ddl_command_out:87 pg_ddl_command_recv:88 pg_ddl_command_send:90 - - -
114 json -1 f b U f i x , 0 0 199 - json_in:321 json_out:322 json_recv:323 json_send:324 - - -
142 xml -1 f b U f i x , 0 0 143 - xml_in:2893 xml_out:2894 xml_recv:2898 xml_send:2899 - - -
194 pg_node_tree -1 f b Z f i x , 100 0 0 -
  pg_node_tree_in:195 pg_node_tree_out:196 pg_node_tree_recv:197 pg_node_tree_send:198 - - -
269 table_am_handler 4 t p P f i p , 0 0 0 - table_am_handler_in:267 table_am_handler_out:268 - - - - -
325 index_am_handler 4 t p P f i p , 0 0 0 - index_am_handler_in:326 index_am_handler_out:327 - - - - -
600 point 16 f b G f d p , 0 701 1017 raw_array_subscript_handler
  point_in:117 point_out:118 point_recv:2428 point_send:2429 - - -
601 lseg 32 f b G f d p , 0 600 1018 raw_array_subscript_handler
  lseg_in:119 lseg_out:120 lseg_recv:2480 lseg_send:2481 - - -
602 path -1 f b G f d x , 0 0 1019 - path_in:121 path_out:122 path_recv:2482 path_send:2483 - - -
603 box 32 f b G f d p ; 0 600 1020 raw_array_subscript_handler box_in:123 box_out:124 box_recv:2484 box_send:2485 - - -
604 polygon -1 f b G f d x , 0 0 1027 - poly_in:347 poly_out:348 poly_recv:2486 poly_send:2487 - - -
628 line 24 f b G f d p , 0 701 629 raw_array_subscript_handler
  line_in:1490 line_out:1491 line_recv:2488 line_send:2489 - - -
650 cidr -1 f b I f i m , 0 0 651 - cidr_in:1267 cidr_out:1427 cidr_recv:2498 cidr_send:2499 - - -
700 float4 4 t b N f i p , 0 0 1021 - float4in:200 float4out:201 float4recv:2424 float4send:2425 - - -
701 float8 8 t b N t d p , 0 0 1022 - float8in:214 float8out:215 float8recv:2426 float8send:2427 - - -
705 unknown -2 f p X f c p , 0 0 0 - unknownin:109 unknownout:110 unknownrecv:2416 unknownsend:2417 - - -
718 circle 24 f b G f d p , 0 0 719 - circle_in:1450 circle_out:1451 circle_recv:2490 circle_send:2491 - - -
774 macaddr8 8 f b U f i p , 0 0 775 - macaddr8_in:4110 macaddr8_out:4111 macaddr8_recv:3446 macaddr8_send:3447 - - -
790 money 8 t b N f d p , 0 0 791 - cash_in:886 cash_out:887 cash_recv:2492 cash_send:2493 - - -
829 macaddr 6 f b U f i p , 0 0 1040 - macaddr_in:436 macaddr_out:437 macaddr_recv:2494 macaddr_send:2495 - - -
869 inet -1 f b I t i m , 0 0 1041 - inet_in:910 inet_out:911 inet_recv:2496 inet_send:2497 - - -
1033 aclitem 12 f b U f i p , 0 0 1034 - aclitemin:1031 aclitemout:1032 - - - - -
1042 bpchar -1 f b S f i x , 100 0 1014 -
  bpcharin:1044 bpcharout:1045 bpcharrecv:2430 bpcharsend:2431 bpchartypmodin:2913 bpchartypmodout:2914 -
1043 varchar -1 f b S f i x , 100 0 1015 -
  varcharin:1046 varcharout:1047 varcharrecv:2432 varcharsend:2433 varchartypmodin:2915 varchartypmodout:2916 -
1082 date 4 t b D f i p , 0 0 1182 - date_in:1084 date_out:1085 date_recv:2468 date_send:2469 - - -
1083 time 8 t b D f d p , 0 0 1183 -
  time_in:1143 time_out:1144 time_recv:2470 time_send:2471 timetypmodin:2909 timetypmodout:2910 -
1114 timestamp 8 t b D f d p , 0 0 1115 -
  timestamp_in:1312 timestamp_out:1313 timestamp_recv:2474 timestamp_send:2475
  timestamptypmodin:2905 timestamptypmodout:2906 -
1184 timestamptz 8 t b D t d p , 0 0 1185 -
  timestamptz_in:1150 timestamptz_out:1151 timestamptz_recv:2476 timestamptz_send:2477
  timestamptztypmodin:2907 timestamptztypmodout:2908 -
1186 interval 16 f b T t d p , 0 0 1187 -
  interval_in:1160 interval_out:1161 interval_recv:2478 interval_send:2479
  intervaltypmodin:2903 intervaltypmodout:2904 -
1266 timetz 12 f b D f d p , 0 0 1270 -
  timetz_in:1350 timetz_out:1351 timetz_recv:2472 timetz_send:2473 timetztypmodin:2911 timetztypmodout:2912 -
1560 bit -1 f b V f i x , 0 0 1561 -
  bit_in:1564 bit_out:1565 bit_recv:2456 bit_send:2457 bittypmodin:2919 bittypmodout:2920 -
1562 varbit -1 f b V t i x , 0 0 1563 -
  varbit_in:1579 varbit_out:1580 varbit_recv:2458 varbit_send:2459 varbittypmodin:2902 varbittypmodout:2921 -
1700 numeric -1 f b N f i m , 0 0 1231 -
  numeric_in:1701 numeric_out:1702 numeric_recv:2460 numeric_send:2461 numerictypmodin:2917 numerictypmodout:2918 -
1790 refcursor -1 f b U f i x , 0 0 2201 - textin:46 textout:47 textrecv:2414 textsend:2415 - - -
2202 regprocedure 4 t b N f i p , 0 0 2207 -
  regprocedurein:2212 regprocedureout:2213 regprocedurerecv:2446 regproceduresend:2447 - - -
2203 regoper 4 t b N f i p , 0 0 2208 - regoperin:2214 regoperout:2215 regoperrecv:2448 regopersend:2449 - - -
2204 regoperator 4 t b N f i p , 0 0 2209 -
  regoperatorin:2216 regoperatorout:2217 regoperatorrecv:2450 regoperatorsend:2451 - - -
2205 regclass 4 t b N f i p , 0 0 2210 - regclassin:2218 regclassout:2219 regclassrecv:2452 regclasssend:2453 - - -
2206 regtype 4 t b N f i p , 0 0 2211 - regtypein:2220 regtypeout:2221 regtyperecv:2454 regtypesend:2455 - - -
2249 record -1 f p P f d x , 0 0 2287 - record_in:2290 record_out:2291 record_recv:2402 record_send:2403 - - -
2275 cstring -2 f p P f c p , 0 0 1263 - cstring_in:2292 cstring_out:2293 cstring_recv:2500 cstring_send:2501 - - -
2276 any 4 t p P f i p , 0 0 0 - any_in:2294 any_out:2295 - - - - -
2277 anyarray -1 f p P f d x , 0 0 0 - anyarray_in:2296 anyarray_out:2297 anyarray_recv:2502 anyarray_send:2503 - - -
2278 void 4 t p P f i p , 0 0 0 - void_in:2298 void_out:2299 void_recv:3120 void_send:3121 - - -
2279 trigger 4 t p P f i p , 0 0 0 - trigger_in:2300 trigger_out:2301 - - - - -
2280 language_handler 4 t p P f i p , 0 0 0 - language_handler_in:2302 language_handler_out:2303 - - - - -
2281 internal 8 t p P f d p , 0 0 0 - internal_in:2304 internal_out:2305 - - - - -
2283 anyelement 4 t p P f i p , 0 0 0 - anyelement_in:2312 anyelement_out:2313 - - - - -
2776 anynonarray 4 t p P f i p , 0 0 0 - anynonarray_in:2777 anynonarray_out:2778 - - - - -
2950 uuid 16 f b U f c p , 0 0 2951 - uuid_in:2952 uuid_out:2953 uuid_recv:2961 uuid_send:2962 - - -
2970 txid_snapshot -1 f b U f d x , 0 0 2949 -
  txid_snapshot_in:2939 txid_snapshot_out:2940 txid_snapshot_recv:2941 txid_snapshot_send:2942 - - -
3115 fdw_handler 4 t p P f i p , 0 0 0 - fdw_handler_in:3116 fdw_handler_out:3117 - - - - -
3220 pg_lsn 8 t b U f d p , 0 0 3221 - pg_lsn_in:3229 pg_lsn_out:3230 pg_lsn_recv:3238 pg_lsn_send:3239 - - -
3310 tsm_handler 4 t p P f i p , 0 0 0 - tsm_handler_in:3311 tsm_handler_out:3312 - - - - -
3361 pg_ndistinct -1 f b Z f i x , 100 0 0 -
  pg_ndistinct_in:3355 pg_ndistinct_out:3356 pg_ndistinct_recv:3357 pg_ndistinct_send:3358 - - -
3402 pg_dependencies -1 f b Z f i x , 100 0 0 -
  pg_dependencies_in:3404 pg_dependencies_out:3405 pg_dependencies_recv:3406 pg_dependencies_send:3407 - - -
3500 anyenum 4 t p P f i p , 0 0 0 - anyenum_in:3504 anyenum_out:3505 - - - - -
3614 tsvector -1 f b U f i x , 0 0 3643 -
  tsvectorin:3610 tsvectorout:3611 tsvectorrecv:3639 tsvectorsend:3638 - - ts_typanalyze:3688
3615 tsquery -1 f b U f i p , 0 0 3645 - tsqueryin:3612 tsqueryout:3613 tsqueryrecv:3641 tsquerysend:3640 - - -
3642 gtsvector -1 f b U f i p , 0 0 3644 - gtsvectorin:3646 gtsvectorout:3647 - - - - -
3734 regconfig 4 t b N f i p , 0 0 3735 - regconfigin:3736 regconfigout:3737 regconfigrecv:3738 regconfigsend:3739 - - -
3769 regdictionary 4 t b N f i p , 0 0 3770 -
  regdictionaryin:3771 regdictionaryout:3772 regdictionaryrecv:3773 regdictionarysend:3774 - - -
3802 jsonb -1 f b U f i x , 0 0 3807 jsonb_subscript_handler
  jsonb_in:3806 jsonb_out:3804 jsonb_recv:3805 jsonb_send:3803 - - -
3831 anyrange -1 f p P f d x , 0 0 0 - anyrange_in:3832 anyrange_out:3833 - - - - -
3838 event_trigger 4 t p P f i p , 0 0 0 - event_trigger_in:3594 event_trigger_out:3595 - - - - -
3904 int4range -1 f r R f i x , 0 0 3905 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
3906 numrange -1 f r R f i x , 0 0 3907 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
3908 tsrange -1 f r R f d x , 0 0 3909 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
3910 tstzrange -1 f r R f d x , 0 0 3911 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
3912 daterange -1 f r R f i x , 0 0 3913 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
3926 int8range -1 f r R f d x , 0 0 3927 -
  range_in:3834 range_out:3835 range_recv:3836 range_send:3837 - - range_typanalyze:3916
4072 jsonpath -1 f b U f i x , 0 0 4073 - jsonpath_in:4001 jsonpath_out:4003 jsonpath_recv:4002 jsonpath_send:4004 - - -
4089 regnamespace 4 t b N f i p , 0 0 4090 -
  regnamespacein:4084 regnamespaceout:4085 regnamespacerecv:4087 regnamespacesend:4088 - - -
4096 regrole 4 t b N f i p , 0 0 4097 - regrolein:4098 regroleout:4092 regrolerecv:4094 regrolesend:4095 - - -
4191 regcollation 4 t b N f i p , 0 0 4192 -
  regcollationin:4193 regcollationout:4194 regcollationrecv:4196 regcollationsend:4197 - - -
4451 int4multirange -1 f m R f i x , 0 0 6150 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4532 nummultirange -1 f m R f i x , 0 0 6151 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4533 tsmultirange -1 f m R f d x , 0 0 6152 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4534 tstzmultirange -1 f m R f d x , 0 0 6153 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4535 datemultirange -1 f m R f i x , 0 0 6155 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4536 int8multirange -1 f m R f d x , 0 0 6157 -
  multirange_in:4231 multirange_out:4232 multirange_recv:4233 multirange_send:4234 - - multirange_typanalyze:4242
4537 anymultirange -1 f p P f d x , 0 0 0 - anymultirange_in:4229 anymultirange_out:4230 - - - - -
4538 anycompatiblemultirange -1 f p P f d x , 0 0 0 -
  anycompatiblemultirange_in:4226 anycompatiblemultirange_out:4227 - - - - -
4600 pg_brin_bloom_summary -1 f b Z f i x , 100 0 0 -
  brin_bloom_summary_in:4596 brin_bloom_summary_out:4597 brin_bloom_summary_recv:4598 brin_bloom_summary_send:4599 - - -
4601 pg_brin_minmax_multi_summary -1 f b Z f i x , 100 0 0 -
  brin_minmax_multi_summary_in:4638 brin_minmax_multi_summary_out:4639
  brin_minmax_multi_summary_recv:4640 brin_minmax_multi_summary_send:4641
  - - -
5017 pg_mcv_list -1 f b Z f i x , 100 0 0 -
  pg_mcv_list_in:5018 pg_mcv_list_out:5019 pg_mcv_list_recv:5020 pg_mcv_list_send:5021 - - -
5038 pg_snapshot -1 f b U f d x , 0 0 5039 -
  pg_snapshot_in:5055 pg_snapshot_out:5056 pg_snapshot_recv:5057 pg_snapshot_send:5058 - - -
5069 xid8 8 t b U f d p , 0 0 271 - xid8in:5070 xid8out:5081 xid8recv:5082 xid8send:5083 - - -
5077 anycompatible 4 t p P f i p , 0 0 0 - anycompatible_in:5086 anycompatible_out:5087 - - - - -
5078 anycompatiblearray -1 f p P f d x , 0 0 0 -
  anycompatiblearray_in:5088 anycompatiblearray_out:5089 anycompatiblearray_recv:5090 anycompatiblearray_send:5091 - - -
5079 anycompatiblenonarray 4 t p P f i p , 0 0 0 -
  anycompatiblenonarray_in:5092 anycompatiblenonarray_out:5093 - - - - -
5080 anycompatiblerange -1 f p P f d x , 0 0 0 - anycompatiblerange_in:5094 anycompatiblerange_out:5095 - - - - -
`;
