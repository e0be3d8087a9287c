// Every single error of the 72 bits is corrected, every pair is reported.
module secded_tb;
  reg [63:0] data;
  reg [71:0] flip;
  wire [7:0] check;
  wire [63:0] corrected;
  wire corrects, uncorrectable;
  integer i, j, bad = 0;
  secded_encoder coder (.data(data), .check(check));
  secded_decoder dut (.data(data ^ flip[63:0]), .check(check ^ flip[71:64]), .corrected(corrected), .corrects(corrects), .uncorrectable(uncorrectable));
  initial begin
    for (i = 0; i < 72; i = i + 1) begin
      data = {$random, $random};
      flip = 0;
      #1 if (corrected !== data || corrects || uncorrectable) bad = bad + 1;
      flip = 72'd1 << i;
      #1 if (corrected !== data || !corrects || uncorrectable) bad = bad + 1;
      for (j = 0; j < i; j = j + 1) begin
        flip = (72'd1 << i) | (72'd1 << j);
        #1 if (corrects || !uncorrectable) bad = bad + 1;
      end
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
