// One more column beside the dot products. For every pixel it multiplies the operands with
// the sum of the weights over the output channels, and accumulates as the array does. What
// it holds must be the sum of the array's results over the channels, which is compared when
// they are stored. All steps are those of the array's five stages.
module acc_checksum #(
    parameter PIXELS = 2,
    parameter CHANNELS = 8
) (
    input clk, input rst,
    // Weights as they enter the fetch stage, nine bits each, and operands of the array.
    input fetch, input [CHANNELS*72-1:0] wraw,
    input operand, input product_step, input [PIXELS*72-1:0] ifm,
    input sum_step, input sum_new, input [1:0] sum_shift,
    // Sums so far that are read back, and whether the block begins with zero.
    input acc_first, input acc_fresh, input acc_commit, input [PIXELS*CHANNELS*40-1:0] accin,
    input acc_last,
    input store, input [PIXELS-1:0] store_mask, input [PIXELS*CHANNELS*40-1:0] accout,
    input others,
    output raised, output irq);
  reg [8*12-1:0] fetched, weight;

  reg [8*12-1:0] weights;       // over the channels
  integer o, i;
  always @* begin
    weights = {96{1'b0}};
    for (i = 0; i < 8; i = i + 1)
      for (o = 0; o < CHANNELS; o = o + 1)
        weights[i*12+:12] = weights[i*12+:12] + {{3{wraw[(o*8+i)*9+8]}}, wraw[(o*8+i)*9+:9]};
  end
  always @(posedge clk) begin
    if (fetch) fetched <= weights;
    if (operand) weight <= fetched;
  end

  wire [PIXELS-1:0] wrong;
  genvar p;
  generate
    for (p = 0; p < PIXELS; p = p + 1) begin : pixel
      reg [8*21-1:0] product;
      reg [39:0] sum, acc, out;

      reg [39:0] dot, read_back, results;
      integer k;
      always @* begin
        dot = 40'd0;
        read_back = 40'd0;
        results = 40'd0;
        for (k = 0; k < 8; k = k + 1) dot = dot + {{19{product[k*21+20]}}, product[k*21+:21]};
        for (k = 0; k < CHANNELS; k = k + 1) begin
          read_back = read_back + accin[(p*CHANNELS+k)*40+:40];
          results = results + accout[(p*CHANNELS+k)*40+:40];
        end
      end
      wire [39:0] start;
      assign start = acc_first ? (acc_fresh ? 40'd0 : read_back) : acc;
      genvar n;
      for (n = 0; n < 8; n = n + 1) begin : lane
        wire signed [20:0] x;
        assign x = $signed(ifm[(p*8+n)*9+:9]) * $signed(weight[n*12+:12]);
        always @(posedge clk) if (product_step) product[n*21+:21] <= x;
      end
      always @(posedge clk) begin
        if (sum_step) sum <= (sum_new ? 40'd0 : sum) + (dot << {sum_shift, 3'b000});
        if (acc_first | acc_commit) acc <= start + (acc_commit ? sum : 40'd0);
        if (acc_last) out <= acc;
      end
      assign wrong[p] = store_mask[p] & (results != out);
    end
  endgenerate
  alarm alarm (.clk(clk), .rst(rst), .seen(store & |wrong), .others(others), .raised(raised), .irq(irq));
endmodule
