# Man pages that belong to no single part.

dist_man_MANS += \
	doc/tarn-bochs.7 \
	doc/tarn-cloop.7 \
	doc/tarn-cow.7 \
	doc/tarn-dmg.7 \
	doc/tarn-images.7 \
	doc/tarn-iso.7 \
	doc/tarn-isolation.7 \
	doc/tarn-plugins.d.5 \
	doc/tarn-qcow.7 \
	doc/tarn-qcow2.7 \
	doc/tarn-raw.7 \
	doc/tarn-vmdk.7 \
	doc/tarn-vpc.7 \
	doc/tarn.1
