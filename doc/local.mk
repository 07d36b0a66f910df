# Man pages that belong to no single part.

dist_man_MANS += \
	doc/tarn.1
